"""authorise_port: a code that nobody sees at once, and that not everybody gets."""

from datetime import timedelta

import pytest

from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.core.lifecycle.line import LineEvent
from keepline.flows import block_line, change_number, swap_sim
from keepline.flows.advance_order import advance
from keepline.flows.authorise_port import authorise, preview
from keepline.flows.errors import FlowRefused
from keepline.flows.lock_line import lock
from keepline.gateways import switchboard
from keepline.inventory import services as inventory
from keepline.inventory.models import Number
from keepline.lines.models import Line
from keepline.porting.models import PortOut
from tests.cast import NOW, Cast
from tests.flows.changing import moved, number_change, numbered, sim_swap
from tests.flows.leaving import ASKED, DAY, READY, settled, told, way_out
from tests.porting import ScriptedHouse

pytestmark = pytest.mark.django_db


def refused(cast: Cast, now: object = ASKED) -> str:
    """By which word both the preview and the act refuse; nothing was written."""
    who = cast.account.id, cast.line.id
    with pytest.raises(FlowRefused) as refusal:
        authorise(*who, "user:1", now)  # type: ignore[arg-type]
    seen = preview(*who, now)  # type: ignore[arg-type]
    assert seen.refusal is not None
    assert seen.refusal.code == refusal.value.code
    assert not PortOut.objects.filter(state="open").exists()
    return refusal.value.code


def test_asked_told_at_once_and_good_from_tomorrow(house: ScriptedHouse) -> None:
    cast = settled(house)
    seen = preview(cast.account.id, cast.line.id, ASKED)
    assert (seen.refusal, seen.ready_at, seen.code_days) == (None, READY, 30)
    assert authorise(cast.account.id, cast.line.id, "user:1", ASKED) == READY
    row = way_out(cast)
    assert (row.state, row.valid_until) == ("open", READY + 30 * DAY)
    assert told() == ["port.asked"]
    later = ASKED + timedelta(hours=3)
    assert authorise(cast.account.id, cast.line.id, "user:2", later) == READY, "not anew"
    assert PortOut.objects.count() == 1
    assert told() == ["port.asked"]


def test_the_code_is_sealed(house: ScriptedHouse) -> None:
    cast = settled(house)
    authorise(cast.account.id, cast.line.id, "user:1", ASKED)
    token = way_out(cast).sealed_code
    assert token.startswith("gAAAA")
    assert len(token) > 100


def test_a_code_that_ran_out_makes_room(house: ScriptedHouse) -> None:
    cast = settled(house)
    authorise(cast.account.id, cast.line.id, "user:1", ASKED)
    later = READY + 30 * DAY
    moved_on = authorise(cast.account.id, cast.line.id, "user:1", later)
    assert moved_on == later + DAY
    states = PortOut.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["lapsed", "open"]


def test_not_at_once(house: ScriptedHouse) -> None:
    cast = settled(house)
    assert refused(cast, NOW + timedelta(days=6, hours=23)) == "port_too_soon"
    seen = preview(cast.account.id, cast.line.id, NOW)
    assert seen.again_at == NOW + 7 * DAY
    started = swap_sim.start(sim_swap(cast), ASKED)
    advance(started.order_id, "en", ASKED)
    assert refused(cast, ASKED + 6 * DAY) == "port_too_soon"
    assert authorise(cast.account.id, cast.line.id, "user:1", ASKED + 7 * DAY)


def test_a_new_number_is_young(house: ScriptedHouse) -> None:
    cast = settled(house)
    started = change_number.start(number_change(cast), ASKED)
    assert refused(cast) == "order_under_way"
    advance(started.order_id, "en", ASKED)
    assert refused(cast, ASKED + 6 * DAY) == "port_too_soon"


def test_an_operator_may_have_other_spans(house: ScriptedHouse) -> None:
    cast = settled(house)
    Policy.objects.update(port_out_after_days=0, port_out_wait_hours=0, port_out_code_days=15)
    catalog.forget()
    assert authorise(cast.account.id, cast.line.id, "user:1", NOW) == NOW
    assert way_out(cast).valid_until == NOW + 15 * DAY


def test_locked(house: ScriptedHouse) -> None:
    cast = settled(house)
    who = cast.account.id, cast.line.id, "user:1"
    lock(*who, NOW, wanted=True)
    assert refused(cast) == "transfer_locked"
    lock(*who, ASKED, wanted=False)
    assert refused(cast) == "transfer_locked", "the lock opens after a day"
    assert authorise(*who, ASKED + DAY)


def test_not_every_line_in_every_state(house: ScriptedHouse) -> None:
    cast = settled(house)
    block_line.block(cast.account.id, cast.line.id, "user:1", NOW)
    assert refused(cast) == "change_refused"


def test_grace_may_leave_and_suspended_not(house: ScriptedHouse) -> None:
    cast = settled(house)
    moved(cast, LineEvent.EXPIRE)
    assert preview(cast.account.id, cast.line.id, ASKED).refusal is None
    moved(cast, LineEvent.SUSPEND)
    assert refused(cast) == "change_refused"


def test_a_number_that_its_carrier_wants_back(house: ScriptedHouse) -> None:
    cast = settled(house)
    number = Number.objects.get() if Number.objects.count() == 1 else None
    number = number or Number.objects.get(line_id=cast.line.id)
    inventory.transition(number, inventory.NumberEvent.RECALL, NOW)
    assert refused(cast) == "change_refused"


def test_no_number_no_clearing_house_no_strangers(house: ScriptedHouse) -> None:
    cast = settled(house)
    with pytest.raises(FlowRefused, match="not_found"):
        authorise(cast.other_account.id, cast.line.id, "user:1", ASKED)
    switchboard._factories.pop("porting")
    assert refused(cast) == "no_porting"


def test_a_line_without_a_number(house: ScriptedHouse) -> None:
    cast, *_ = numbered()
    other = Line.objects.exclude(id=cast.line.id).first()
    assert other is None
    from tests import cast as stage

    bare = stage.line(cast.account, cast.plan)
    with pytest.raises(FlowRefused, match="change_refused"):
        authorise(cast.account.id, bare.id, "user:1", ASKED)
