"""show_order: the proof, at every stage of an order."""

from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.flows import renew_line, top_up_wallet
from keepline.flows.advance_order import advance
from keepline.flows.deliver_order import deliver
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.settle_payment import settle
from keepline.flows.show_order import OrderView, show_order
from keepline.flows.top_up_wallet import TopUpRequest
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import pay_by_provider, request

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=11)


def shown(stage: Cast, order_id: object, at: object = NOW) -> OrderView:
    return show_order(order_id, stage.account.id, at)  # type: ignore[arg-type]


def steps(view: OrderView) -> list[tuple[str, str]]:
    return [(step.kind, step.state) for step in view.steps]


def test_paid_from_the_wallet_it_is_done_and_rests_once_numbered() -> None:
    stage = assemble(data_bytes=1000)
    order_id = renew_line.start(request(stage), NOW).order_id
    view = shown(stage, order_id)
    assert (view.stage, view.resting, view.taken_minor) == ("done", False, 300)
    assert steps(view) == [("ordered", "done"), ("paid", "done"), ("extended", "done")]
    assert view.buckets_before["data_bytes"] == 1000
    assert view.buckets_after["data_bytes"] == 2000
    assert view.lifeline is not None
    assert view.lifeline.preview_until == view.order.valid_until_after
    number_receipts("house", NOW)
    assert shown(stage, order_id).resting
    assert shown(stage, order_id).order.receipt_number == 1


def test_on_the_way_through_provider_and_network(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    stage = assemble(wallet_minor=100, delivery="network")
    order_id = renew_line.start(request(stage, provider="sandbox"), NOW).order_id
    assert shown(stage, order_id).stage == "asking"
    open_payment(order_id, "en", NOW)
    assert shown(stage, order_id).stage == "to_pay"
    provider.pay(Payment.objects.get(order_id=order_id).id)
    settle(order_id, NOW)
    view = shown(stage, order_id)
    assert (view.stage, view.resting) == ("delivering", False)
    assert view.order.promise_until == NOW + timedelta(minutes=10)
    assert steps(view)[-1] == ("confirmed", "now")
    deliver(order_id, NOW)
    view = shown(stage, order_id)
    assert view.stage == "done"
    assert steps(view)[-2:] == [("sent", "done"), ("confirmed", "done")]


def test_a_broken_promise_ends_refunded(provider: FakeProvider, network: ScriptedNetwork) -> None:
    stage = assemble(wallet_minor=100, delivery="network")
    network.deaf = True
    order_id = pay_by_provider(stage, provider)
    advance(order_id, "en", LATER)
    assert shown(stage, order_id, LATER).stage == "refunding"
    advance(order_id, "en", LATER)
    view = shown(stage, order_id, LATER)
    assert (view.stage, view.resting, view.taken_minor) == ("refunded", True, 0)
    assert steps(view) == [
        ("ordered", "done"),
        ("paid", "done"),
        ("ended", "done"),
        ("refunded", "done"),
    ]


def test_a_refund_that_the_provider_refuses_lies_in_the_wallet(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    stage = assemble(wallet_minor=100, delivery="network")
    network.deaf = provider.refuse_refunds = True
    order_id = pay_by_provider(stage, provider)
    for _ in range(2):
        advance(order_id, "en", LATER)
    assert shown(stage, order_id, LATER).stage == "to_wallet"


def test_a_declined_payment_took_nothing(provider: FakeProvider) -> None:
    stage = assemble(wallet_minor=100)
    order_id = renew_line.start(request(stage, provider="sandbox"), NOW).order_id
    open_payment(order_id, "en", NOW)
    provider.decline(Payment.objects.get(order_id=order_id).id)
    settle(order_id, NOW)
    view = shown(stage, order_id)
    assert (view.stage, view.resting, view.taken_minor) == ("cancelled", True, 0)


def test_a_top_up_has_no_line(provider: FakeProvider) -> None:
    stage = assemble()
    asked = TopUpRequest(stage.account.id, 2000, "USD", "sandbox", "key-0002", "user:1", "portal")
    order_id = top_up_wallet.start(asked, NOW).order_id
    open_payment(order_id, "en", NOW)
    provider.pay(Payment.objects.get(order_id=order_id).id)
    settle(order_id, NOW)
    view = shown(stage, order_id)
    assert (view.stage, view.line, view.plan) == ("done", None, None)
    assert steps(view)[-1] == ("booked", "done")


def test_another_account_and_an_import_find_nothing() -> None:
    stage = assemble()
    order_id = renew_line.start(request(stage), NOW).order_id
    opening = Order.objects.get(kind="opening", account_id=stage.account.id).id
    for wanted, account_id in (
        (order_id, stage.other_account.id),
        (uuid4(), stage.account.id),
        (opening, stage.account.id),
    ):
        with pytest.raises(FlowRefused, match="not_found"):
            show_order(wanted, account_id, NOW)


def test_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    stage = assemble()
    order_id = renew_line.start(request(stage), NOW).order_id
    # order, payment, line, plans, policies, extensions, uses, refunds, account, plan
    with django_assert_num_queries(10):
        shown(stage, order_id)
