"""Renewals through a real osmo-hlr: what was paid for stands in it, or money comes back."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.gateways import switchboard
from keepline.gateways.network.osmo_hlr.adapter import OsmoHlr
from keepline.gateways.network.port import NetworkOperation
from keepline.lines.models import Line
from keepline.orders.models import Order
from tests.cast import NOW, Cast, assemble
from tests.flows.acts import request, wallet
from tests.gateways.contract_network import INBOUND, a_subscriber
from tests.gateways.hlr_process import HOST, HlrProcess, hlr
from tests.gateways.hlr_wire import Wire, a_wire
from tests.inventory import shelves

__all__ = ["hlr"]

pytestmark = [pytest.mark.osmo_hlr, pytest.mark.django_db]

CARD = a_subscriber()
IMSI, NUMBER = str(CARD.imsi), str(CARD.msisdn)
IN_GRACE, IN_SERVICE = {IMSI: (NUMBER, True, False)}, {IMSI: (NUMBER, True, True)}
LATE = NOW + timedelta(minutes=11)


@pytest.fixture
def wire(hlr: HlrProcess) -> Iterator[Wire]:
    """Between Keepline and an HLR that has the line's card, as grace left it."""
    hlr.adapter().apply(NetworkOperation(uuid4(), CARD, INBOUND))
    before = dict(switchboard._factories)
    with a_wire() as stretched:
        ports = stretched.ports
        switchboard.connect("network", lambda: OsmoHlr(HOST, ports["ctrl"], ports["vty"], 30))
        yield stretched
    for port, factory in before.items():
        switchboard.connect(port, factory)


@pytest.fixture
def cast(wire: Wire) -> Cast:
    fields = {"state": LineState.GRACE, "valid_until": NOW - timedelta(days=3)}
    return assemble(line_fields={**fields, "e164": CARD.msisdn})


def renewed(cast: Cast) -> UUID:
    return renew_line.start(request(cast), NOW).order_id


def test_what_is_confirmed_was_read_from_the_hlr(cast: Cast, hlr: HlrProcess) -> None:
    order_id = renewed(cast)
    assert hlr.rows() == IN_GRACE
    assert advance(order_id, "en", NOW) is OrderState.COMPLETED
    assert hlr.rows() == IN_SERVICE
    told = Order.objects.by_id(order_id).proof["network"]
    assert (told["outcome"], told["by"], told["state"]) == ("confirmed", "osmo-hlr", "active")


def test_an_hlr_that_is_down_costs_no_order(cast: Cast, hlr: HlrProcess) -> None:
    order_id = renewed(cast)
    hlr.kill()
    assert advance(order_id, "en", NOW) is OrderState.HELD
    assert advance(order_id, "en", NOW + timedelta(seconds=5)) is OrderState.HELD
    hlr.start()
    assert hlr.rows() == IN_GRACE
    assert advance(order_id, "en", NOW + timedelta(seconds=15)) is OrderState.COMPLETED
    assert hlr.rows() == IN_SERVICE


def test_a_lost_answer_is_asked_for(cast: Cast, hlr: HlrProcess, wire: Wire) -> None:
    order_id = renewed(cast)
    wire.mood = "loses answers"
    assert advance(order_id, "en", NOW) is OrderState.HELD
    assert hlr.rows() == IN_SERVICE
    wire.sent.clear()
    assert advance(order_id, "en", NOW + timedelta(seconds=5)) is OrderState.COMPLETED
    assert wire.changed_by == []


def test_a_promise_that_passed_puts_the_hlr_back(cast: Cast, hlr: HlrProcess, wire: Wire) -> None:
    order_id = renewed(cast)
    wire.mood = "loses answers"
    advance(order_id, "en", NOW)
    hlr.kill()
    assert advance(order_id, "en", LATE) is OrderState.WITHDRAWN
    assert wallet(cast) == (1000, 0)
    advance(order_id, "en", LATE)
    assert Order.objects.by_id(order_id).undo_due
    hlr.start()
    assert hlr.rows() == IN_SERVICE
    advance(order_id, "en", LATE)
    assert hlr.rows() == IN_GRACE
    assert Order.objects.by_id(order_id).next_action_at is None


def test_a_card_in_stock_is_known_by_its_imsi(cast: Cast, hlr: HlrProcess) -> None:
    """So that one whom the HLR never heard of is made."""
    (iccid,) = shelves.cards(shelves.pool("cards", kind="card"), 1)
    Line.objects.filter(id=cast.line.id).update(iccid=iccid, e164=819_777)
    assert advance(renewed(cast), "en", NOW) is OrderState.COMPLETED
    assert hlr.rows() == {**IN_GRACE, shelves.imsi(0): ("819777", True, True)}


def test_what_the_hlr_cannot_have_is_paid_back(cast: Cast, hlr: HlrProcess) -> None:
    hlr.adapter().apply(NetworkOperation(uuid4(), CARD, None))  # nobody has the number there
    order_id = renewed(cast)
    assert advance(order_id, "en", NOW) is OrderState.FAILED
    assert Order.objects.by_id(order_id).failure_code == "network_no_imsi"
    assert wallet(cast) == (1000, 0)
