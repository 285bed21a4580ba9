"""Changes of number, swaps of the SIM and numbers that leave, in any sequence: no number is ever in
two hands, here or at another operator, none is lost, and nobody signs in with one that left.


Two lines of one account, five numbers, four cards, another operator at one clearing house. Holder,
network, clearing house, workers and clock do what they like; the books are audited after each step.
"""

from collections import Counter
from contextlib import suppress
from uuid import UUID

import pytest
from django.db import IntegrityError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from keepline.accounts.models import User
from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.flows import (
    block_line,
    change_number,
    close_line,
    keep_number,
    swap_sim,
    unblock_line,
)
from keepline.flows.authorise_port import authorise
from keepline.flows.change_phone import change_phone
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_ports import follow as follow_ports
from keepline.flows.sweep_lines import sweep
from keepline.inventory import services as inventory
from keepline.inventory import sims
from keepline.inventory.models import Card, Number, OwnershipPeriod
from keepline.lines.models import Line, Validity
from keepline.porting import codes
from keepline.porting.models import PortOut
from tests import cast as stage
from tests.cast import NOW
from tests.inventory import shelves
from tests.machines.ordering import LINES, OrderingMachine
from tests.porting import OURS, ScriptedHouse

PAUSES = st.sampled_from([5, 60, 400, 700, 26 * 3600, 15 * 86400, 40 * 86400])


class NumbersMachine(OrderingMachine):
    """See above."""

    def __init__(self) -> None:
        super().__init__(ScriptedHouse(shows=NOW))
        Policy.objects.update(
            number_change_fee_minor={"USD": 250},
            number_change_days=1,
            port_out_after_days=0,
            port_out_wait_hours=0,
            port_out_notice_hours=24,
        )
        catalog.forget()
        self.numbers = shelves.numbers(shelves.pool("uk"), 5)
        self.cards = shelves.cards(shelves.pool("uk-sim", "card"), 4)
        self.lines = [self.cast.line, stage.line(self.cast.account, self.cast.plan)]
        for line, e164, iccid in zip(self.lines, self.numbers, self.cards, strict=False):
            inventory.assign(e164, self.cast.account.id, line.id, NOW)
            sims.take_over_card(iccid, self.cast.account.id, line.id, NOW)
            Line.objects.filter(id=line.id).update(e164=e164, iccid=iccid)
        for e164 in self.numbers:
            self.house.owns(e164)
        self.portings: list[UUID] = []
        self.keys: dict[int, UUID] = {}  # of users, in which period they brought their number

    @rule(line=LINES, chosen=st.sampled_from([None, 0, 1, 2, 3, 4]), again=st.booleans())
    def wants_a_number(self, line: int, chosen: int | None, again: bool) -> None:
        e164 = None if chosen is None else self.numbers[chosen]
        who = self.cast.account.id, self.lines[line].id
        asked = change_number.NumberChangeRequest(
            *who, self.key(again), None, "user:1", "portal", e164=e164
        )
        self.starts(lambda: change_number.start(asked, self.now).order_id)

    @rule(line=LINES, again=st.booleans())
    def wants_a_card(self, line: int, again: bool) -> None:
        who = self.cast.account.id, self.lines[line].id
        asked = swap_sim.SimSwapRequest(*who, self.key(again), None, "user:1", "portal", sim="card")
        self.starts(lambda: swap_sim.start(asked, self.now).order_id)

    @rule(line=LINES, act=st.sampled_from([block_line.block, unblock_line.unblock]))
    def loses_or_finds(self, line: int, act: object) -> None:
        with suppress(FlowRefused):
            act(self.cast.account.id, self.lines[line].id, "user:1", self.now)  # type: ignore[operator]

    @rule(line=LINES, really=st.sampled_from([False, False, False, True]))
    def gives_up(self, line: int, really: bool) -> None:
        if not really:
            return
        with suppress(FlowRefused):
            close_line.close(self.cast.account.id, self.lines[line].id, "user:1", self.now)

    @rule(place=st.integers(0, 4), who=st.sampled_from(["alice", "bob"]))
    def signs_in_with(self, place: int, who: str) -> None:
        """By a code that reached whoever has the number, or would have, some time ago."""
        user, e164 = getattr(self.cast, who), self.numbers[place]
        try:
            change_phone(user.pk, f"+{e164}", self.now)
        except (FlowRefused, IntegrityError):
            return
        self.keys[user.pk] = OwnershipPeriod.objects.get(e164=e164, ends_at=None).id

    @rule(line=LINES, act=st.sampled_from([authorise, authorise, keep_number.keep]))
    def wants_to_leave_or_stay(self, line: int, act: object) -> None:
        with suppress(FlowRefused):
            act(self.cast.account.id, self.lines[line].id, "user:1", self.now)  # type: ignore[operator]

    @rule(chosen=st.integers(0, 4), knows=st.sampled_from([True, True, True, False]))
    def another_operator_comes(self, chosen: int, knows: bool) -> None:
        e164 = self.numbers[chosen]
        row = PortOut.objects.filter(e164=e164, state="open").first()
        code = codes.opened(row.id, row.sealed_code) if row and knows else "wrong"
        if self.house.owner(e164) == OURS:
            self.portings.append(self.house.wanted(e164, code))

    @precondition(lambda self: self.portings)
    @rule(place=st.integers(0, 50), really=st.sampled_from([True, True, False]))
    def it_cuts_over_or_thinks_better(self, place: int, really: bool) -> None:
        port_id = self.portings[place % len(self.portings)]
        if really:
            self.house.cuts_over(port_id)
        else:
            self.house.thinks_better(port_id)

    @rule()
    def ports_are_looked_after(self) -> None:
        follow_ports(self.now)

    @rule(seconds=PAUSES)
    def time_passes(self, seconds: int) -> None:
        self.passes(seconds)
        sweep(self.now)

    @invariant()
    def every_number_is_in_one_hand(self) -> None:
        borne = Counter(
            Line.objects.filter(
                id__in=Validity.objects.exclude(state="terminated").values("id")
            ).values_list("e164", flat=True)
        )
        assert max(borne.values(), default=0) <= 1
        states = dict(Number.objects.values_list("e164", "state"))
        assert set(states) == set(self.numbers)
        assert {e164 for e164, state in states.items() if state == "assigned"} == set(borne)
        known = {"available", "held", "assigned", "quarantine", "ported_out"}
        assert set(states.values()) <= known
        for e164, state in states.items():
            if self.house.owner(e164) == OURS:
                assert state != "ported_out", "it was let go, and nobody has it"
            elif state != "ported_out":  # we have not heard of it: it waits on its line alone
                bearer = Line.objects.filter(e164=e164).order_by("-id")[0]
                assert (state, self.state_of(bearer.id)) == ("assigned", "porting")
        open_periods = OwnershipPeriod.objects.filter(ends_at=None).values_list("e164", flat=True)
        assert sorted(open_periods) == sorted(borne)

    @invariant()
    def a_lost_number_is_no_key(self) -> None:
        """Who signs in with a number does so in the period in which they brought it."""
        for user in User.objects.filter(phone__isnull=False):
            period = OwnershipPeriod.objects.filter(e164=int(user.phone), ends_at=None).first()
            assert period is not None, f"{user.phone} is in nobody's hands"
            assert period.id == self.keys[user.pk], f"{user.phone} is in other hands"

    def state_of(self, line_id: UUID) -> str:
        return str(Validity.objects.by_id(line_id).state)

    def left_alone_everything_comes_to_rest(self) -> None:
        self.rests(minutes=7)
        assert not Number.objects.filter(state="held").exists()
        for row in PortOut.objects.filter(state="leaving"):
            assert self.house.state(row.port_id) == "scheduled"
        assert not Card.objects.filter(state="held").exists()
        self.every_number_is_in_one_hand()
        self.the_books_are_right()


@pytest.mark.slow
@pytest.mark.django_db
def test_numbers_and_cards(effort: settings) -> None:
    run_state_machine_as_test(NumbersMachine, settings=effort)
