"""Reminders of one account that fall due on one day come in one letter, each line told of once."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from keepline.core.agenda import Step
from keepline.core.lifecycle.line import LineState
from keepline.flows import renew_line
from keepline.flows.audit_books import audit
from keepline.flows.sweep_lines import sweep
from keepline.flows.sweeping import reminding
from keepline.lines.models import Line, Validity
from keepline.messages.models import Delivery, Outbox
from tests.cast import NOW, Cast, assemble, line
from tests.doubles import Mailbox
from tests.flows.acts import request
from tests.flows.at_once import at_once
from tests.telling import tell, tell_all

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# 13:00 in Berlin; the day ends there at 23:00 UTC.
ENDS_AT = NOW + 11 * HOUR


def reminded_at(cast: Cast, due_at: datetime, **fields: Any) -> Line:
    """A line whose reminder, the one of seven days before, falls due at this instant."""
    made = line(cast.account, cast.plan, valid_until=due_at + 7 * DAY, **fields)
    due_then(made.id, due_at)
    return made


def due_then(line_id: UUID, due_at: datetime) -> None:
    Validity.objects.filter(id=line_id).update(
        auto_renew=False, next_step=Step.REMIND, next_action_at=due_at
    )


def told() -> dict[UUID, int]:
    """How many events there are of each line."""
    ids = Outbox.objects.values_list("line_id", flat=True)
    return {line_id: list(ids).count(line_id) for line_id in ids}


def test_one_letter_names_all_lines_of_the_day(mailbox: Mailbox) -> None:
    cast = assemble()
    hours = [timedelta(), HOUR, 5 * HOUR, 11 * HOUR - timedelta(seconds=1)]
    lines = [reminded_at(cast, NOW + hour, label=f"Line {n}") for n, hour in enumerate(hours)]
    assert sweep(NOW) == {"reminded": 1}
    assert told() == {one.id: 1 for one in lines}
    tell_all(NOW)
    (letter,) = mailbox.sent
    assert letter.subject == "4 of your lines run out soon"
    assert all(f"Line {n}" in letter.text for n in range(4))
    assert sweep(ENDS_AT) == {"reminded": 3}, "their own clocks go on at their own hours"
    tell_all(ENDS_AT)
    assert len(mailbox.sent) == 1
    assert told() == {one.id: 1 for one in lines}
    left = Validity.objects.filter(id__in=[one.id for one in lines])
    assert {row.valid_until - row.next_action_at for row in left} == {3 * DAY}
    assert audit(ENDS_AT) == []


def test_the_day_is_the_holders_and_ends_with_it() -> None:
    cast = assemble()
    reminded_at(cast, NOW)
    tomorrow = reminded_at(cast, ENDS_AT)
    abroad = reminded_at(cast, ENDS_AT, time_zone="America/New_York")
    sweep(NOW)
    assert tomorrow.id not in told()
    assert abroad.id in told()


def test_others_and_other_news_keep_their_hour() -> None:
    cast, other = assemble(), assemble(suffix="-2", code="plan-2")
    reminded_at(cast, NOW)
    strangers = reminded_at(other, NOW + HOUR)
    expired = reminded_at(cast, NOW + HOUR, state=LineState.SUSPENDED)
    Validity.objects.filter(id=expired.id).update(since_at=NOW + HOUR - 46 * DAY)
    renewing = line(cast.account, cast.plan, valid_until=NOW + HOUR)
    Validity.objects.filter(id=renewing.id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=NOW + HOUR
    )
    sweep(NOW)
    assert not {strangers.id, expired.id, renewing.id} & told().keys()
    sweep(NOW + HOUR)
    kinds = dict(Outbox.objects.values_list("line_id", "kind"))
    assert kinds[strangers.id] == "line.expiry_near"
    assert kinds[expired.id] == "line.withdrawal_near"


def test_a_line_renewed_before_the_letter_goes_is_not_in_it(mailbox: Mailbox) -> None:
    cast = assemble()
    reminded_at(cast, NOW, label="Kept waiting")
    due_then(cast.line.id, NOW + HOUR)
    sweep(NOW)
    tell(NOW)
    renew_line.start(request(cast), NOW)
    tell_all(NOW)
    outcome = Delivery.objects.get(line_id=cast.line.id, kind="line.expiry_near").outcome
    assert outcome == "overtaken"
    assert [letter.subject for letter in mailbox.sent] == [
        "Your line runs out soon",
        "Your line is renewed",
    ]


def test_a_line_that_came_later_on_the_day_is_told_of_by_itself() -> None:
    cast = assemble()
    reminded_at(cast, NOW)
    sweep(NOW)
    late = reminded_at(cast, NOW + 2 * HOUR)
    later = reminded_at(cast, NOW + 3 * HOUR)
    assert sweep(NOW + 2 * HOUR) == {"reminded": 1}
    assert told()[late.id] == told()[later.id] == 1


def test_an_account_of_many_batches_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepline.flows.sweep_lines.BATCH", 2)
    looked: list[int] = []
    really = reminding.due.claim_later_today

    def claim(accounts: list[UUID], *rest: Any) -> Any:
        looked.append(len(accounts))
        return really(accounts, *rest)

    monkeypatch.setattr(reminding.due, "claim_later_today", claim)
    cast = assemble()
    for _ in range(5):
        reminded_at(cast, NOW)
    later = reminded_at(cast, NOW + HOUR)
    assert sweep(NOW) == {"reminded": 5}
    assert looked == [1, 0, 0]
    assert told()[later.id] == 1


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_tell_each_line_once() -> None:
    cast = assemble()
    lines = [reminded_at(cast, NOW + HOUR * (n % 4)) for n in range(24)]
    at_once([partial(sweep, NOW) for _ in range(4)])
    at_once([partial(sweep, ENDS_AT) for _ in range(4)])
    assert told() == {one.id: 1 for one in lines}
    assert set(Validity.objects.values_list("next_step", flat=True)) == {Step.REMIND, Step.EXPIRE}
