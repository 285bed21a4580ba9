"""withdraw_order: the promise is kept, and the network put back to what the books say."""

from datetime import timedelta
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from keepline.core.lifecycle.line import LineEvent as Event
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.network_service import DesiredService
from keepline.flows import reclaim_number, renew_line
from keepline.flows.advance_order import advance
from keepline.gateways.network.port import NetworkAnswer, Subscriber
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import let_go, move_line, pay_by_provider, request, valid_until, wallet

pytestmark = pytest.mark.django_db


def test_the_promise_is_kept_and_a_late_applied_undone(
    network: ScriptedNetwork, provider: FakeProvider
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["mute"]
    order_id = pay_by_provider(cast, provider)
    advance(order_id, "en", NOW)
    network.deaf = True
    late = NOW + timedelta(minutes=11)
    assert advance(order_id, "en", late) is OrderState.WITHDRAWN
    assert wallet(cast) == (100, 0)
    advance(order_id, "en", late)  # refunded, but the network is still deaf
    assert Order.objects.by_id(order_id).undo_due
    network.deaf = False
    advance(order_id, "en", late + timedelta(minutes=5))
    order = Order.objects.by_id(order_id)
    assert (order.undo_due, order.next_action_at) == (False, None)
    standing = DesiredService("active", valid_until(cast), 0, 0, 0)
    assert network.lines == {str(cast.line.id): standing}
    payment = Payment.objects.get(order_id=order_id)
    assert payment.refunded_minor == payment.captured_minor > 0


LATE = NOW + timedelta(minutes=11)


def a_withdrawn_order(cast: Cast, network: ScriptedNetwork) -> UUID:
    """Applied, nobody heard of it, and its promise passed; the network is still to be put back."""
    order_id = renew_line.start(request(cast), NOW).order_id
    network.script = ["mute"]
    advance(order_id, "en", NOW)
    network.deaf = True
    assert advance(order_id, "en", LATE) is OrderState.WITHDRAWN
    network.deaf = False
    return order_id


@pytest.mark.parametrize(
    ("state", "grace", "told"),
    [
        (LineState.GRACE, "inbound", DesiredService("inbound_only", None, 0, 0, 0)),
        (LineState.GRACE, "none", DesiredService("off", None, 0, 0, 0)),
        (LineState.SUSPENDED, "inbound", DesiredService("off", None, 0, 0, 0)),
    ],
)
def test_a_line_that_was_cut_is_cut_again(
    network: ScriptedNetwork, state: LineState, grace: str, told: DesiredService
) -> None:
    cast = assemble(line_fields={"state": state, "valid_until": NOW - timedelta(days=3)})
    cast.plan.policy.grace_service = grace
    cast.plan.policy.save()
    order_id = a_withdrawn_order(cast, network)
    assert network.lines[str(cast.line.id)].state == "active"
    advance(order_id, "en", LATE)
    assert network.lines[str(cast.line.id)] == told
    assert Order.objects.by_id(order_id).next_action_at is None


def test_the_next_order_waits_until_the_network_is_back(network: ScriptedNetwork) -> None:
    cast = assemble(delivery="network")
    first = a_withdrawn_order(cast, network)
    second = renew_line.start(request(cast, key="key-0002"), LATE).order_id
    assert advance(second, "en", LATE) is OrderState.IN_PROGRESS
    assert second not in network.standing
    advance(first, "en", LATE)
    assert advance(second, "en", LATE) is OrderState.COMPLETED
    assert network.lines[str(cast.line.id)].valid_until == valid_until(cast)


def test_putting_back_waits_for_an_older_order(network: ScriptedNetwork) -> None:
    """What is told of the line is told in the order in which it was paid for."""
    cast = assemble(delivery="network")
    first = renew_line.start(request(cast), NOW).order_id
    second = renew_line.start(request(cast, key="key-0002"), NOW).order_id
    network.deaf = True
    advance(first, "en", NOW)
    Order.objects.filter(id=first).update(promise_until=LATE + timedelta(hours=1))
    assert advance(second, "en", LATE) is OrderState.WITHDRAWN
    network.deaf = False
    advance(second, "en", LATE)
    assert Order.objects.by_id(second).undo_due
    assert network.reverted == set()
    assert advance(first, "en", LATE) is OrderState.COMPLETED
    advance(second, "en", LATE)
    assert network.reverted == {second}
    assert network.lines[str(cast.line.id)].valid_until == valid_until(cast)


def test_a_line_that_moved_meanwhile_is_told_anew(
    network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = assemble(delivery="network")
    order_id = a_withdrawn_order(cast, network)
    revert = network.revert

    def paused_meanwhile(
        operation_id: UUID, subscriber: Subscriber, standing: DesiredService | None
    ) -> NetworkAnswer:
        monkeypatch.undo()
        move_line(cast, Event.PAUSE)
        return revert(operation_id, subscriber, standing)

    monkeypatch.setattr(network, "revert", paused_meanwhile)
    advance(order_id, "en", LATE)
    assert network.lines[str(cast.line.id)].state == "active"
    assert Order.objects.by_id(order_id).undo_due
    advance(order_id, "en", LATE)
    assert network.lines[str(cast.line.id)].state == "off"
    assert not Order.objects.by_id(order_id).undo_due


def test_an_order_that_ended_during_a_silent_call_is_put_back_again(
    network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own call may have come after the network was put back."""
    cast = assemble(delivery="network")
    order_id = renew_line.start(request(cast), NOW).order_id
    apply = network.apply

    def late(operation: object) -> NetworkAnswer:
        monkeypatch.undo()
        advance(order_id, "en", LATE)
        advance(order_id, "en", LATE)
        assert not Order.objects.by_id(order_id).undo_due
        network.reverted.clear()  # an element without a memory
        network.script = ["mute"]
        return apply(operation)  # type: ignore[arg-type]

    monkeypatch.setattr(network, "apply", late)
    advance(order_id, "en", NOW)
    assert network.lines[str(cast.line.id)].valid_until != valid_until(cast)
    assert Order.objects.by_id(order_id).undo_due
    advance(order_id, "en", LATE)
    assert network.lines[str(cast.line.id)].valid_until == valid_until(cast)


def test_a_network_that_will_not_go_back_is_named_and_asked_no_more(
    network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = assemble(delivery="network")
    order_id = a_withdrawn_order(cast, network)
    no = NetworkAnswer("rejected", code="msisdn_taken")
    monkeypatch.setattr(network, "revert", lambda *_: no)
    with capture_logs() as logs:
        advance(order_id, "en", LATE)
    assert [(log["event"], log["code"]) for log in logs if log["log_level"] == "error"] == [
        ("network_not_put_back", "msisdn_taken")
    ]
    order = Order.objects.by_id(order_id)
    assert (order.undo_due, order.next_action_at) == (False, None)


@pytest.mark.parametrize("had_back", [False, True])
def test_a_line_that_ended_names_its_number_while_it_is_nobody_elses(
    network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch, had_back: bool
) -> None:
    cast = assemble(delivery="network")
    order_id = a_withdrawn_order(cast, network)
    let_go(cast, 819012345678, {"USD": 250}, LATE)
    if had_back:  # its number and card are those of the line that follows it
        reclaim_number.reclaim(
            reclaim_number.ReclaimRequest(
                cast.account.id, cast.line.id, "key-0009", 250, "user:1", "portal"
            ),
            LATE,
        )
    told: list[Subscriber] = []
    revert = network.revert
    monkeypatch.setattr(network, "revert", lambda *said: (told.append(said[1]), revert(*said))[1])
    advance(order_id, "en", LATE)
    assert [subscriber.msisdn for subscriber in told] == [None if had_back else 819012345678]
    assert network.lines == {}
