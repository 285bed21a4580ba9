"""show_port_out: where a number stands on its way."""

from datetime import timedelta

import pytest

from keepline.flows.authorise_port import authorise
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_ports import follow
from keepline.flows.keep_number import keep
from keepline.flows.show_port_out import show_port_out
from tests.flows.changing import OLD
from tests.flows.leaving import ASKED, DAY, READY, settled, with_code
from tests.porting import ScriptedHouse

pytestmark = pytest.mark.django_db


def test_each_station(house: ScriptedHouse) -> None:
    cast = settled(house)
    who = cast.account.id, cast.line.id
    assert show_port_out(*who, ASKED).state == "none"
    authorise(*who, "user:1", ASKED)
    assert show_port_out(*who, ASKED).state == "waits"
    code = with_code(cast)
    assert show_port_out(*who, READY).state == "ready"
    assert show_port_out(*who, READY + 30 * DAY).state == "none"
    port_id = house.wanted(OLD, code)
    follow(READY)
    seen = show_port_out(*who, READY)
    assert (seen.state, seen.recipient, seen.cut_over_at) == ("leaving", "elsewhere", READY + DAY)
    keep(*who, "user:1", READY)
    assert show_port_out(*who, READY).stay_asked
    house.cuts_over(port_id)
    follow(READY + timedelta(minutes=1))
    assert show_port_out(*who, READY).state == "gone"


def test_kept(house: ScriptedHouse) -> None:
    cast = settled(house)
    with_code(cast)
    keep(cast.account.id, cast.line.id, "user:1", READY)
    assert show_port_out(cast.account.id, cast.line.id, READY).state == "none"


def test_a_strangers(house: ScriptedHouse) -> None:
    cast = settled(house)
    with pytest.raises(FlowRefused, match="not_found"):
        show_port_out(cast.other_account.id, cast.line.id, ASKED)
