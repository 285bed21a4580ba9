"""Received messages under any sequence of owners, periods and members: nobody ever sees a message
that was not theirs at its instant.

Three accounts, two numbers, people who join, change their role and leave. Numbers are given, taken,
had back, changed for another and handed over; messages come at once, late, twice and to nobody. A
model in plain Python says whose each message is; after every step everybody's view is compared with
it, by list, by search, one by one and by export, and the books are audited.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from keepline.accounts.models import Account, Membership, Role
from keepline.accounts.queries import READERS, membership_of
from keepline.core.lifecycle.line import LineState
from keepline.flows import show_inbox as inbox_flow
from keepline.flows.audit_books import audit, invariants
from keepline.flows.errors import FlowRefused
from keepline.flows.export_messages import export_messages
from keepline.flows.forget_messages import ARRIVALS_KEPT, forget_messages
from keepline.flows.receive_message import receive
from keepline.flows.set_retention import set_retention
from keepline.flows.show_inbox import Reader, search_inbox, show_inbox
from keepline.flows.show_message import show_message
from keepline.inventory import services as inventory
from keepline.inventory.models import Number
from keepline.inventory.services import Withdrawal
from keepline.lines.models import Line, Validity
from keepline.messages.inbox_models import ReceivedMessage, UnclaimedDay
from tests import cast as stage
from tests.cast import NOW
from tests.flows.inboxes import Sms
from tests.inventory import shelves

RULES = [one for one in invariants() if one.number in (12, 13, 17)]
NUMBERS = (447700900101, 447700900102)
PLACES, PEOPLE = st.integers(0, 2), st.integers(0, 3)
WHICH = st.sampled_from(NUMBERS)
PAUSES = st.sampled_from([1, 60, 3600, 86_400, 20 * 86_400, 100 * 86_400, 200 * 86_400])
AGES = st.sampled_from([None, 0, 5, 3700, 90_000, 30 * 86_400, 150 * 86_400, -600])


@dataclass
class Held:
    """One holder's time with a number."""

    account: int
    line_id: UUID
    begins_at: datetime
    ends_at: datetime | None = None

    def at(self, at: datetime) -> bool:
        return self.begins_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass
class Said:
    """A message that is somebody's."""

    account: int
    line_id: UUID
    text: str
    at: datetime


@dataclass
class Model:
    """Whose what was, without any of Keepline's own code."""

    held: dict[int, list[Held]] = field(default_factory=lambda: {e164: [] for e164 in NUMBERS})
    kept: list[Said] = field(default_factory=list)
    days: dict[UUID, int] = field(default_factory=dict)
    unclaimed: int = 0

    def holder(self, e164: int, at: datetime) -> Held | None:
        return next((each for each in self.held[e164] if each.at(at)), None)

    def whose(self, e164: int, now: datetime, sent_at: datetime | None) -> Held | None:
        now_held = self.holder(e164, now)
        if now_held is None or sent_at is None or sent_at > now:
            return now_held
        then = self.holder(e164, sent_at)
        return now_held if then is not None and then.account == now_held.account else None


class InboxMachine(RuleBasedStateMachine):
    """See above."""

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.now, self.model, self.said = NOW, Model(), 0
        self.sent: list[tuple[Sms, datetime]] = []  # with when they came
        people = [stage.person(f"owner{n}") for n in range(3)] + [stage.person("helper")]
        self.people = people
        self.accounts: list[Account] = [stage.account(owner) for owner in people[:3]]
        self.plan = stage.plan()
        inventory.add_numbers(NUMBERS, NOW)

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.before)

    # numbers

    @rule(place=PLACES, e164=WHICH)
    def is_given(self, place: int, e164: int) -> None:
        if Number.objects.get(e164=e164).state == "available":
            self._give(place, e164, stage.line(self.accounts[place], self.plan))

    @rule(e164=WHICH)
    def ends(self, e164: int) -> None:
        held = self.model.holder(e164, self.now)
        if held:
            self._take(e164, held)
            Validity.objects.filter(id=held.line_id).update(
                state=LineState.TERMINATED, next_step=None, next_action_at=None
            )

    @rule(e164=WHICH)
    def is_had_back(self, e164: int) -> None:
        number = inventory.lock_number(e164)
        if number.state != "quarantine" or number.reclaim_until <= self.now:
            return
        last = self.model.held[e164][-1]
        line = stage.line(self.accounts[last.account], self.plan)
        inventory.reclaim(number, line.id, self.now)
        self._borne(e164, last.account, line)

    @rule(e164=WHICH)
    def has_rested(self, e164: int) -> None:
        if shelves.release_rested(self.now):
            Line.objects.filter(
                e164=e164, id__in=[each.line_id for each in self.model.held[e164]]
            ).exclude(id__in=self._living()).update(e164=None)

    @rule(first=WHICH)
    def is_changed_for_the_other(self, first: int) -> None:
        """One line, another number: what came to the old one stays the line's."""
        other = NUMBERS[first == NUMBERS[0]]
        held = self.model.holder(first, self.now)
        if held is None or Number.objects.get(e164=other).state != "available":
            return
        self._take(first, held)
        self._give(held.account, other, Line.objects.by_id(held.line_id))

    # people

    @rule(person=PEOPLE, place=PLACES, role=st.sampled_from([None, *Role.values]))
    def joins_or_leaves(self, person: int, place: int, role: str | None) -> None:
        of = {"user": self.people[person], "account_id": self.accounts[place].id}
        if role is None:
            Membership.objects.filter(**of).delete()
        else:
            Membership.objects.update_or_create(**of, defaults={"role": role})

    # messages

    @rule(e164=WHICH, age_s=AGES)
    def comes(self, e164: int, age_s: int | None) -> None:
        self.said += 1
        sent_at = None if age_s is None else self.now - timedelta(seconds=age_s)
        text = f"<{self.said}> your code is {100_000 + self.said}"
        message = Sms(f"+{e164}", f"S{self.said}", text, f"r{self.said}", sent_at)
        self.sent.append((message, self.now))
        whose = self.model.whose(e164, self.now, sent_at)
        known = bool(self.model.held[e164]) or Number.objects.filter(e164=e164).exists()
        assert known
        outcome = receive(message, self.now).outcome
        if whose is None:
            self.model.unclaimed += 1
            assert outcome == "unclaimed"
            return
        assert outcome == "kept"
        self.model.kept.append(Said(whose.account, whose.line_id, text, self.now))

    @rule(place=st.integers(0, 50))
    def comes_again(self, place: int) -> None:
        if self.sent:
            message, _ = self.sent[place % len(self.sent)]
            assert receive(message, self.now).outcome == "repeat"

    @rule(e164=WHICH, days=st.sampled_from([1, 7, 90]))
    def is_kept_for(self, e164: int, days: int) -> None:
        held = self.model.holder(e164, self.now)
        if held:
            account_id = self.accounts[held.account].id
            set_retention(held.line_id, days, Reader(account_id, Role.OWNER, "user:1"), self.now)
            self.model.days[held.line_id] = days

    # time

    @rule(seconds=PAUSES)
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def erased(self) -> None:
        forget_messages(self.now)
        # Nor are they known any more: no network repeats so late.
        self.sent = [each for each in self.sent if each[1] >= self.now - ARRIVALS_KEPT]
        assert not ReceivedMessage.objects.filter(erase_at__lte=self.now).exists()

    # what holds

    @invariant()
    def everybody_sees_their_own_and_nothing_else(self) -> None:
        for person in self.people:
            membered = membership_of(person.pk)
            if membered is None:
                continue
            place = [account.id for account in self.accounts].index(membered.account_id)
            reader = Reader(membered.account_id, membered.role, f"user:{person.pk}")
            if membered.role in READERS:
                self._sees(reader, place)
            else:
                self._sees_nothing(reader)

    @invariant()
    def what_is_nobodys_is_counted_alone(self) -> None:
        counted = UnclaimedDay.objects.values_list("messages", flat=True)
        assert sum(counted) == self.model.unclaimed

    @invariant()
    def the_books_are_right(self) -> None:
        assert audit(self.now, RULES) == []

    def _sees(self, reader: Reader, place: int) -> None:
        own = sorted(each.text for each in self.model.kept if self._is_there(each, place))
        opened = list(export_messages(None, reader, self.now))
        assert sorted(each.text for each in opened) == own
        shown = show_inbox(reader, None, self.now).messages
        assert len(shown) == len(own)
        assert not any(each.text in own for each in shown), "a code is in the open"
        assert len(search_inbox(reader, None, "your code", self.now).messages) == len(own)
        assert {show_message(each.id, reader, self.now).text for each in shown} == set(own)
        others = ReceivedMessage.objects.exclude(account_id=reader.account_id)
        for message_id in others.values_list("id", flat=True):
            with pytest.raises(FlowRefused, match="not_found"):
                show_message(message_id, reader, self.now)

    def _sees_nothing(self, reader: Reader) -> None:
        for look in (
            lambda: show_inbox(reader, None, self.now),
            lambda: search_inbox(reader, None, "code", self.now),
            lambda: export_messages(None, reader, self.now),
        ):
            with pytest.raises(FlowRefused, match="messages_closed"):
                look()

    def _is_there(self, said: Said, place: int) -> bool:
        days = self.model.days.get(said.line_id, 30)
        return said.account == place and said.at + timedelta(days=days) > self.now

    def _give(self, place: int, e164: int, line: Line) -> None:
        inventory.assign(e164, self.accounts[place].id, line.id, self.now)
        self._borne(e164, place, line)

    def _borne(self, e164: int, place: int, line: Line) -> None:
        Line.objects.filter(id=line.id).update(e164=e164)
        self.model.held[e164].append(Held(place, line.id, self.now))

    def _take(self, e164: int, held: Held) -> None:
        # At least a microsecond long, as periods are.
        self.now = max(self.now, held.begins_at + timedelta(microseconds=1))
        until = self.now + timedelta(days=180)
        inventory.lock_numbers([e164])
        inventory.withdraw_all([Withdrawal(e164, until, self.now + timedelta(days=120))], self.now)
        held.ends_at = self.now

    def _living(self) -> list[UUID]:
        return [
            each.line_id
            for times in self.model.held.values()
            for each in times
            if each.ends_at is None
        ]


@pytest.mark.slow
@pytest.mark.django_db
def test_nobody_sees_what_was_not_theirs(effort: settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_flow, "PAGE", 1000)
    run_state_machine_as_test(InboxMachine, settings=effort)
