"""deliver_order: confirmed, refused or silent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError

from keepline.core.lifecycle.line import LineEvent as Event
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.deliver_order import deliver, deliver_many
from keepline.flows.delivering.renewing import Renewal
from keepline.flows.sale import promised
from keepline.gateways import switchboard
from keepline.gateways.network.port import NetworkAnswer, NetworkOperation, NetworkUnknown
from keepline.ledger.models import Transfer
from keepline.lines.models import Extension, LineEvent, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from tests.cast import NOW, Cast, account, assemble, line, person
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


def several(count: int, line_fields: Any = None, **plan: Any) -> list[tuple[Cast, UUID]]:
    """Renewals of lines of as many accounts, paid and waiting for the network."""
    first = assemble(delivery="network", line_fields=line_fields, **plan)
    casts = [first]
    for n in range(1, count):
        own = account(person(f"holder{n}"), "USD", 1000)
        more = line(own, first.plan, **(line_fields or {}))
        casts.append(replace(first, account=own, line=more))
    return [(cast, renew_line.start(request(cast), NOW).order_id) for cast in casts]


def states(orders: list[tuple[Cast, UUID]]) -> list[str]:
    return [Order.objects.by_id(order_id).state for _, order_id in orders]


def test_many_are_told_by_one_exchange_and_each_ends_by_its_own_answer(
    network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = several(4, data_bytes=100)
    network.script = ["ok", "refuse", "mute", "ok"]
    exchanges: list[int] = []
    apply_many = network.apply_many

    def counted(operations: Sequence[NetworkOperation]) -> list[NetworkAnswer | NetworkUnknown]:
        exchanges.append(len(operations))
        return apply_many(operations)

    monkeypatch.setattr(network, "apply_many", counted)
    deliver_many([order_id for _, order_id in orders], NOW)
    assert sorted(states(orders)) == ["completed", "completed", "failed", "held"]
    assert exchanges == [4]
    for (cast, order_id), state in zip(orders, states(orders), strict=True):
        order = Order.objects.by_id(order_id)
        given = {"completed": (700, 0), "failed": (1000, 0), "held": (1000, 300)}
        assert wallet(cast) == given[state]
        if state == "completed":
            assert order.proof["network"]["outcome"] == "confirmed"
            assert order.proof["buckets_after"]["data_bytes"] == 200
            assert Validity.objects.by_id(cast.line.id).valid_until == order.valid_until_after


def test_after_a_silence_many_are_asked_first(network: ScriptedNetwork) -> None:
    orders = several(3)
    network.script = ["mute", "lost", "mute"]
    ids = [order_id for _, order_id in orders]
    deliver_many(ids, NOW)
    assert states(orders) == ["held"] * 3
    network.script = ["ok"]  # for the one that was lost; another apply would be told no
    network.script += ["refuse"] * 3
    deliver_many(ids, NOW + timedelta(seconds=10))
    assert states(orders) == ["completed"] * 3
    assert network.script == ["refuse"] * 3


def test_one_that_cannot_be_booked_does_not_keep_the_others(
    network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = several(3)
    confirm = Renewal.confirm

    def fails_for_one(self: Renewal, order: Order, *more: Any) -> None:
        confirm(self, order, *more)
        if order.id == orders[1][1]:
            raise IntegrityError("no")

    monkeypatch.setattr(Renewal, "confirm", fails_for_one)
    deliver_many([order_id for _, order_id in orders], NOW)
    assert states(orders) == ["completed", "in_progress", "completed"]
    monkeypatch.undo()
    assert deliver(orders[1][1], NOW) is OrderState.COMPLETED


def test_two_of_one_line_are_not_told_at_once(network: ScriptedNetwork) -> None:
    ((cast, first),) = several(1)
    second = renew_line.start(request(cast, key="key-0002"), NOW).order_id
    deliver_many([second, first], NOW)
    assert states([(cast, first), (cast, second)]) == ["completed", "in_progress"]
    deliver_many([second, first], NOW)
    assert Order.objects.by_id(second).state == "completed"


def test_lines_that_end_while_many_are_told_are_put_back(
    network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = several(3)
    apply = network.apply

    def one_ends(operation: NetworkOperation) -> NetworkAnswer:
        if operation.operation_id == orders[1][1]:
            move_line(orders[1][0], Event.TERMINATE)
        return apply(operation)

    monkeypatch.setattr(network, "apply", one_ends)
    deliver_many([order_id for _, order_id in orders], NOW)
    assert states(orders) == ["completed", "failed", "completed"]
    row = Order.objects.by_id(orders[1][1])
    assert (row.failure_code, row.undo_due, wallet(orders[1][0])) == (
        "state_refuses",
        True,
        (1000, 0),
    )


def test_together_is_what_each_alone_would_have_been(network: ScriptedNetwork) -> None:
    """Rows of a batch are those of single deliveries, ids and instants aside."""
    fields = {"state": LineState.GRACE, "valid_until": NOW - timedelta(days=3)}
    orders = several(4, data_bytes=100, line_fields=fields)
    ids = [order_id for _, order_id in orders]
    deliver_many(ids[:2], NOW)
    for order_id in ids[2:]:
        deliver(order_id, NOW)
    told = [written_for(order_id) for order_id in ids]
    assert told[0]["orders_order"]
    assert told == [told[0]] * 4


def written_for(order_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Rows that belong to an order, without what names the account."""
    tables = [Order, Extension, LineEvent, Transfer, Outbox]
    found = {}
    for model in tables:
        column = "id" if model is Order else "order_id"
        rows = model.objects.filter(**{column: order_id}).values()
        found[model._meta.db_table] = sorted(
            (
                {
                    name: value
                    for name, value in row.items()
                    if name != "slot" and not isinstance(value, UUID) and name != "id"
                }
                for row in rows
            ),
            key=str,
        )
    return found


@pytest.mark.parametrize(("down", "minutes"), [(set(), 10), ({"network"}, 60), ({"smdp_plus"}, 10)])
def test_while_the_network_is_known_to_be_down_the_promise_is_longer(
    down: set[str], minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switchboard, "_boards", [down.__contains__])
    cast = assemble(delivery="network")
    order = Order.objects.by_id(renew_line.start(request(cast), NOW).order_id)
    assert order.promise_until == NOW + timedelta(minutes=minutes)


def test_no_promise_is_longer_than_a_day_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchboard, "_boards", [lambda _: True])
    assert promised(8 * 3600) == timedelta(days=1)
    assert promised(48 * 3600) == timedelta(days=2)
