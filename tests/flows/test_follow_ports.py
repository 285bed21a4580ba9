"""follow_ports: who comes with the code gets the number, at its date; nobody else, no sooner."""

from datetime import timedelta
from uuid import uuid4

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.follow_network import follow as follow_network
from keepline.flows.follow_ports import WRONG_CODES, follow
from keepline.flows.lock_line import lock
from keepline.gateways import switchboard
from keepline.inventory.models import Number, OwnershipPeriod
from keepline.ledger import queries as ledger
from keepline.lines import services as lines
from keepline.lines.models import NetworkDue
from keepline.porting.models import PortOut
from tests.cast import Cast
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import request
from tests.flows.changing import OLD
from tests.flows.leaving import (
    ASKED,
    DAY,
    HOUR,
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
DATE = READY + DAY


def reason(house: ScriptedHouse, port_id: object) -> tuple[str, str]:
    row = house.books.port(str(port_id))
    assert row is not None
    return row["state"], row["reason"]


def test_it_goes_at_its_date(house: ScriptedHouse, network: ScriptedNetwork) -> None:
    cast = settled(house)
    free_minor = ledger.free_minor(cast.wallet_id)
    house.shows = READY
    port_id = house.wanted(OLD, with_code(cast).lower())
    follow(READY)
    assert reason(house, port_id) == ("scheduled", "")
    assert is_with_alice(cast, "porting")
    row = way_out(cast)
    assert (row.state, row.recipient, row.cut_over_at) == ("leaving", "elsewhere", DATE)
    assert house.cuts_over(port_id) == "scheduled", "it is not time yet"
    follow(READY + HOUR)
    assert is_with_alice(cast, "porting")
    house.shows = DATE
    assert house.cuts_over(port_id) == "ported"
    follow(DATE)
    assert line_state(cast) == "terminated"
    number = Number.objects.get(e164=OLD)
    assert (number.state, number.until_at, number.reclaim_until) == ("ported_out", None, None)
    assert OwnershipPeriod.objects.get(e164=OLD).ends_at == DATE
    assert way_out(cast).state == "ported"
    assert told() == ["port.asked", "port.leaving", "number.ported"]
    assert ledger.free_minor(cast.wallet_id) == free_minor, "the wallet is as it was"
    assert NetworkDue.objects.filter(id=cast.line.id).exists()
    follow_network(DATE)
    assert str(cast.line.id) not in network.lines
    assert follow(DATE + DAY) == 0


@pytest.mark.parametrize("wrong", ["ABCD-2345-6789", "", "x"])
def test_a_wrong_code_is_refused_without_a_hint(house: ScriptedHouse, wrong: str) -> None:
    cast = settled(house)
    with_code(cast)
    port_id = house.wanted(OLD, wrong)
    follow(READY)
    assert reason(house, port_id) == ("rejected", "code_refused")
    assert is_with_alice(cast)
    assert way_out(cast).wrong_codes == 1


def test_too_early_too_late_or_without_a_code_is_the_same_answer(house: ScriptedHouse) -> None:
    cast = settled(house)
    first = house.wanted(OLD, "anything")
    follow(ASKED)
    assert reason(house, first) == ("rejected", "code_refused"), "nobody asked for a code"
    code = with_code(cast)
    for at in (READY - timedelta(seconds=1), READY + 30 * DAY):
        port_id = house.wanted(OLD, code)
        follow(at)
        assert reason(house, port_id) == ("rejected", "code_refused")
    assert is_with_alice(cast)
    assert way_out(cast).wrong_codes == 0


def test_too_many_wrong_codes_end_it(house: ScriptedHouse) -> None:
    cast = settled(house)
    code = with_code(cast)
    for _ in range(WRONG_CODES):
        house.wanted(OLD, "wrong")
        follow(READY)
    assert way_out(cast).state == "revoked"
    assert told() == ["port.asked", "port.revoked"]
    assert AuditEvent.objects.filter(action="port.code_refused").count() == WRONG_CODES
    port_id = house.wanted(OLD, code)
    follow(READY)
    assert reason(house, port_id) == ("rejected", "code_refused")


def test_an_answer_that_is_lost_is_counted_once(house: ScriptedHouse) -> None:
    cast = settled(house)
    with_code(cast)
    port_id = house.wanted(OLD, "wrong")
    for _ in range(WRONG_CODES):
        house.script = ["ok", "lost"]
        follow(READY)
    assert way_out(cast).wrong_codes == 1
    follow(READY)
    assert reason(house, port_id) == ("rejected", "code_refused")


@pytest.mark.parametrize("silence", ["lost", "mute"])
def test_a_yes_that_is_lost_is_said_again_with_the_same_date(
    house: ScriptedHouse, silence: str
) -> None:
    cast = settled(house)
    house.shows = READY
    port_id = house.wanted(OLD, with_code(cast))
    house.script = ["ok", silence]
    follow(READY)
    assert is_with_alice(cast, "porting")
    house.script = []
    follow(READY + timedelta(minutes=5))
    assert way_out(cast).cut_over_at == DATE
    assert house.books.port(str(port_id))["cut_over_at"] == DATE.isoformat()  # type: ignore[index]
    assert told() == ["port.asked", "port.leaving"]
    assert is_with_alice(cast, "porting")


def test_locked_since_then(house: ScriptedHouse) -> None:
    cast = settled(house)
    code = with_code(cast)
    lock(cast.account.id, cast.line.id, "user:1", READY, wanted=True)
    port_id = house.wanted(OLD, code)
    follow(READY)
    assert reason(house, port_id) == ("rejected", "not_portable")
    assert is_with_alice(cast)


def test_a_number_of_nobody_here(house: ScriptedHouse) -> None:
    settled(house)
    house.owns(447999999999)
    strangers, free = house.wanted(447999999999, "x"), OLD + 1
    house.owns(free)
    on_the_shelf = house.wanted(free, "x")
    follow(READY)
    assert reason(house, strangers) == ("rejected", "number_unknown")
    assert reason(house, on_the_shelf) == ("rejected", "code_refused")


def test_it_waits_for_an_order_that_is_under_way(
    house: ScriptedHouse, provider: FakeProvider
) -> None:
    cast = settled(house)
    port_id = house.wanted(OLD, with_code(cast))
    asked = request(cast, provider="sandbox", use_wallet="none")
    order_id = renew_line.start(asked, READY).order_id
    follow(READY)
    assert reason(house, port_id) == ("requested", "")
    assert is_with_alice(cast)
    advance(order_id, "en", READY)
    later = READY + timedelta(hours=2)
    for _ in range(3):
        advance(order_id, "en", later)
    follow(later)
    assert reason(house, port_id) == ("scheduled", "")


def test_the_recipient_thinks_better_of_it(house: ScriptedHouse) -> None:
    cast = settled(house)
    port_id = house.wanted(OLD, with_code(cast))
    follow(READY)
    house.thinks_better(port_id)
    follow(READY + HOUR)
    assert is_with_alice(cast)
    assert told() == ["port.asked", "port.leaving", "port.stayed"]


def test_silence_is_no_answer(house: ScriptedHouse) -> None:
    cast = settled(house)
    port_id = house.wanted(OLD, with_code(cast))
    follow(READY)
    house.cuts_over(port_id)
    house.deaf = True
    for minutes in (60, 61, 65, 80, 24 * 60, 48 * 60):
        follow(READY + timedelta(minutes=minutes))
        assert is_with_alice(cast, "porting")
    row = way_out(cast)
    assert row.next_look_at is not None
    assert row.next_look_at - (READY + timedelta(days=2)) <= timedelta(minutes=5)
    house.deaf = False
    follow(row.next_look_at)
    assert line_state(cast) == "terminated"


def test_a_porting_that_the_clearing_house_forgot_moves_nothing(house: ScriptedHouse) -> None:
    cast = settled(house)
    house.wanted(OLD, with_code(cast))
    follow(READY)
    PortOut.objects.update(port_id=uuid4())
    follow(READY + DAY)
    assert is_with_alice(cast, "porting")


def test_a_line_that_ran_out_meanwhile_gets_its_grace(house: ScriptedHouse) -> None:
    from keepline.flows.sweep_lines import sweep

    cast = settled(house)
    port_id = house.wanted(OLD, with_code(cast))
    follow(READY)
    much_later = READY + 20 * DAY
    sweep(much_later)
    assert line_state(cast) == "porting"
    house.thinks_better(port_id)
    follow(much_later)
    sweep(much_later)
    assert line_state(cast) == "grace"
    assert lines.read_line(cast.line.id, cast.account.id).since_at == much_later


def test_nothing_without_a_clearing_house() -> None:
    assert not switchboard.has("porting")
    assert follow(READY) == 0


def test_one_that_fails_keeps_nobody_else(
    house: ScriptedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast: Cast = settled(house)
    house.owns(447999999999)
    other = house.wanted(447999999999, "x")
    port_id = house.wanted(OLD, with_code(cast))
    from keepline.flows import follow_ports

    judged = follow_ports._judge

    def breaking(asked: object, now: object) -> object:
        if asked.porting.port_id == port_id:  # type: ignore[attr-defined]
            raise RuntimeError("this one")
        return judged(asked, now)  # type: ignore[arg-type]

    monkeypatch.setattr(follow_ports, "_judge", breaking)
    follow(READY)
    assert reason(house, other)[0] == "rejected"
    assert reason(house, port_id)[0] == "requested"
