"""deliver_order: confirmed, refused or silent."""

from datetime import datetime, timedelta

import pytest

from keepline.core.lifecycle.line import LineEvent as Event
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.gateways.network.port import NetworkAnswer, NetworkOperation
from keepline.lines.models import LineEvent, Validity
from keepline.orders.models import Order
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import move_line, pay_by_provider, request, wallet

pytestmark = pytest.mark.django_db


def test_in_grace_the_network_is_told_and_the_line_comes_back(network: ScriptedNetwork) -> None:
    expired = {"state": LineState.GRACE, "valid_until": NOW - timedelta(days=3)}
    cast = assemble(line_fields=expired)
    started = renew_line.start(request(cast), NOW)
    assert started.state is OrderState.IN_PROGRESS
    assert wallet(cast) == (1000, 300)
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED
    row = Validity.objects.by_id(cast.line.id)
    assert row.state == LineState.ACTIVE
    assert row.valid_until == datetime.fromisoformat("2026-04-10T11:00:00+00:00")
    assert wallet(cast) == (700, 0)
    assert network.lines[str(cast.line.id)].valid_until == row.valid_until
    assert LineEvent.objects.get(line_id=cast.line.id).target == "active"


def test_a_silent_network_is_asked_later(network: ScriptedNetwork, provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["mute"]
    order_id = pay_by_provider(cast, provider)
    assert advance(order_id, "en", NOW) is OrderState.HELD
    assert advance(order_id, "en", NOW + timedelta(seconds=10)) is OrderState.COMPLETED


def test_orders_of_one_line_are_delivered_in_turn(network: ScriptedNetwork) -> None:
    """Each operation states the whole service: the second one counts from what the first gave."""
    cast = assemble(delivery="network", data_bytes=100)
    first = renew_line.start(request(cast), NOW).order_id
    second = renew_line.start(request(cast, key="key-0002"), NOW).order_id
    assert advance(second, "en", NOW) is OrderState.IN_PROGRESS
    assert network.standing == {}
    assert advance(first, "en", NOW) is OrderState.COMPLETED
    assert advance(second, "en", NOW) is OrderState.COMPLETED
    service = network.lines[str(cast.line.id)]
    assert service.valid_until == Validity.objects.by_id(cast.line.id).valid_until
    assert service.data_bytes == 300  # the plan's, and of two renewals


def test_nothing_is_switched_on_for_a_line_that_ended(network: ScriptedNetwork) -> None:
    cast = assemble(delivery="network")
    order_id = renew_line.start(request(cast), NOW).order_id
    move_line(cast, Event.TERMINATE)
    assert advance(order_id, "en", NOW) is OrderState.FAILED
    assert (network.standing, wallet(cast)) == ({}, (1000, 0))
    advance(order_id, "en", NOW)
    order = Order.objects.by_id(order_id)
    assert (order.failure_code, order.next_action_at) == ("state_refuses", None)


def test_a_line_that_ends_while_the_network_works_is_put_back(
    network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = assemble(delivery="network")
    order_id = renew_line.start(request(cast), NOW).order_id
    apply = network.apply

    def ended_meanwhile(operation: NetworkOperation) -> NetworkAnswer:
        move_line(cast, Event.TERMINATE)
        return apply(operation)

    monkeypatch.setattr(network, "apply", ended_meanwhile)
    assert advance(order_id, "en", NOW) is OrderState.FAILED
    assert network.standing
    advance(order_id, "en", NOW)
    assert (network.standing, wallet(cast)) == ({}, (1000, 0))
