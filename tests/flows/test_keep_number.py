"""keep_number: a holder thinks better of it."""

from datetime import timedelta

import pytest

from keepline.flows.authorise_port import authorise
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_ports import follow
from keepline.flows.keep_number import keep
from keepline.lines.models import Validity
from tests.flows.changing import OLD
from tests.flows.leaving import (
    DAY,
    READY,
    is_with_alice,
    line_state,
    settled,
    told,
    way_out,
    with_code,
)
from tests.porting import ScriptedHouse

pytestmark = pytest.mark.django_db


def test_a_code_that_nobody_used(house: ScriptedHouse) -> None:
    cast = settled(house)
    code = with_code(cast)
    keep(cast.account.id, cast.line.id, "user:1", READY)
    assert (way_out(cast).state, way_out(cast).sealed_code) == ("revoked", "")
    assert told() == ["port.asked", "port.revoked"]
    port_id = house.wanted(OLD, code)
    follow(READY)
    assert house.state(port_id) == "rejected"
    assert is_with_alice(cast)
    with pytest.raises(FlowRefused, match="change_refused"):
        keep(cast.account.id, cast.line.id, "user:1", READY)
    assert authorise(cast.account.id, cast.line.id, "user:1", READY) == READY + DAY


def test_a_number_that_is_leaving_stays_when_the_clearing_house_says_so(
    house: ScriptedHouse,
) -> None:
    cast = settled(house)
    port_id = house.wanted(OLD, with_code(cast))
    follow(READY)
    assert line_state(cast) == "porting"
    keep(cast.account.id, cast.line.id, "user:1", READY)
    keep(cast.account.id, cast.line.id, "user:1", READY)
    house.script = ["ok", "lost"]
    follow(READY)
    assert line_state(cast) == "porting", "nobody knows yet"
    house.script = ["ok", "mute"]
    follow(READY + timedelta(minutes=1))
    assert (line_state(cast), house.state(port_id)) == ("porting", "cancelled")
    follow(READY + timedelta(minutes=9))
    assert is_with_alice(cast)
    assert way_out(cast).state == "stayed"
    assert told() == ["port.asked", "port.leaving", "port.stayed"]


def test_one_that_was_in_grace_has_the_days_of_it_that_were_left(house: ScriptedHouse) -> None:
    cast = settled(house)
    house.wanted(OLD, with_code(cast))
    began_at = READY - 20 * DAY
    Validity.objects.filter(id=cast.line.id).update(state="grace", since_at=began_at)
    follow(READY)
    assert line_state(cast) == "porting"
    keep(cast.account.id, cast.line.id, "user:1", READY)
    follow(READY + 3 * DAY)
    assert line_state(cast) == "grace"
    assert Validity.objects.by_id(cast.line.id).since_at == began_at + 3 * DAY


def test_too_late(house: ScriptedHouse) -> None:
    """The recipient has cut over while the holder asked: the clearing house's word counts."""
    cast = settled(house)
    port_id = house.wanted(OLD, with_code(cast))
    follow(READY)
    assert house.cuts_over(port_id) == "ported"
    keep(cast.account.id, cast.line.id, "user:1", READY)
    follow(READY)
    assert line_state(cast) == "terminated"
    assert way_out(cast).state == "ported"


def test_a_stranger_keeps_nothing(house: ScriptedHouse) -> None:
    cast = settled(house)
    with_code(cast)
    with pytest.raises(FlowRefused, match="not_found"):
        keep(cast.other_account.id, cast.line.id, "user:1", READY)
    assert way_out(cast).state == "open"
