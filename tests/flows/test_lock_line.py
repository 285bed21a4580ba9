"""lock_line: closed at once, open after a day."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from keepline.flows import change_number, swap_sim
from keepline.flows.errors import FlowRefused
from keepline.flows.lock_line import lock
from keepline.messages.models import Outbox
from tests.cast import NOW, Cast
from tests.flows.changing import number_change, numbered, sim_swap

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def is_locked(cast: Cast, at: object) -> bool:
    refusals = set()
    for start, asked in (
        (change_number.preview, (cast.account.id, cast.line.id, at)),
        (swap_sim.start, (sim_swap(cast, iccid="none"), at)),
    ):
        try:
            found = start(*asked)  # type: ignore[operator]
            refusals.add(found.refusal and found.refusal.code)
        except FlowRefused as refused:
            refusals.add(refused.code)
    assert refusals in ({"transfer_locked"}, {None, "sim_not_free"})
    return "transfer_locked" in refusals


def told() -> list[str]:
    return list(Outbox.objects.order_by("id").values_list("kind", flat=True))


def test_locked_at_once_and_opened_after_a_day() -> None:
    cast, *_ = numbered()
    assert not is_locked(cast, NOW)
    for hours in (0, 1):
        lock(cast.account.id, cast.line.id, "user:1", NOW + timedelta(hours=hours), wanted=True)
    assert is_locked(cast, NOW)
    for hours in (2, 3):  # asked again, the day does not begin anew
        lock(cast.account.id, cast.line.id, "user:1", NOW + timedelta(hours=hours), wanted=False)
    assert is_locked(cast, NOW + DAY)
    assert not is_locked(cast, NOW + DAY + timedelta(hours=2))
    assert told() == ["line.locked", "line.unlocking"]


def test_an_opening_that_the_holder_takes_back() -> None:
    cast, *_ = numbered()
    lock(cast.account.id, cast.line.id, "user:1", NOW, wanted=True)
    lock(cast.account.id, cast.line.id, "user:2", NOW, wanted=False)
    lock(cast.account.id, cast.line.id, "user:1", NOW + timedelta(hours=23), wanted=True)
    assert is_locked(cast, NOW + 5 * DAY)
    assert told() == ["line.locked", "line.unlocking", "line.locked"]


def test_what_is_open_stays_open_and_nobody_locks_anothers() -> None:
    cast, *_ = numbered()
    lock(cast.account.id, cast.line.id, "user:1", NOW, wanted=False)
    with pytest.raises(FlowRefused, match="not_found"):
        lock(cast.other_account.id, cast.line.id, "user:1", NOW, wanted=True)
    assert not is_locked(cast, NOW)
    assert change_number.start(number_change(cast), NOW).first


def test_how_long_it_holds_is_the_operators_choice(settings: Any) -> None:
    cast, *_ = numbered()
    settings.ENV = replace(settings.ENV, unlock_hours=72)
    lock(cast.account.id, cast.line.id, "user:1", NOW, wanted=True)
    lock(cast.account.id, cast.line.id, "user:1", NOW, wanted=False)
    assert is_locked(cast, NOW + 3 * DAY - timedelta(seconds=1))
    assert not is_locked(cast, NOW + 3 * DAY)
