"""Money that goes back while a payer's bank takes it: once, by whoever has it (docs/refunds.md)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.refund import RefundState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_network import follow
from keepline.flows.open_payment import open_payment
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.recognise_revenue import recognise
from keepline.flows.reconcile import reconcile
from keepline.flows.review_payment import approve, refuse
from keepline.flows.settle_payment import settle
from keepline.flows.show_order import show_order
from keepline.gateways.payments.port import DisputeOutcome, PaymentStatus
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments import limits
from keepline.payments.models import Dispute, Payment, Refund
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import pay_by_provider, request, valid_until, wallet
from tests.flows.at_once import work_off
from tests.flows.refunds import balance, bought, refunded, topped_up

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANNA = "staff:1"


@pytest.fixture
def first_payments_are_looked_at() -> Iterator[None]:
    limits.put_in_force(replace(limits.shipped(), review={"default": 2}))
    yield
    limits.put_in_force(None)


def in_review(cast: Cast, provider: FakeProvider) -> UUID:
    """A renewal of 3.00 USD of which the provider took 2.00, and which waits for a person."""
    order_id = renew_line.start(request(cast, provider="sandbox"), NOW).order_id
    open_payment(order_id, "en", NOW)
    provider.pay(Payment.objects.get().id)
    assert settle(order_id, NOW) is OrderState.PENDING
    return order_id


def refused_by_network(cast: Cast, provider: FakeProvider, network: ScriptedNetwork) -> UUID:
    """A renewal that has failed; the provider is to give 2.00 USD back and was not asked yet."""
    network.script = ["refuse"]
    order_id = pay_by_provider(cast, provider)
    assert advance(order_id, "en", NOW) is OrderState.FAILED
    return order_id


def bank(
    provider: FakeProvider, outcome: DisputeOutcome, at: datetime, amount_minor: int | None = None
) -> None:
    """The bank speaks, the provider sends a webhook, and workers work."""
    payment = Payment.objects.get()
    provider.dispute(payment.id, outcome, amount_minor=amount_minor)
    body = f"evt-{outcome} {payment.id} dispute.{'opened' if outcome == 'open' else 'closed'}"
    receive_webhook("sandbox", {"X-Good": "yes"}, body.encode(), at)
    work_off(at)


def counted() -> tuple[int, int, int]:
    """(given back, on its way, taken by the bank) of the payment."""
    payment = Payment.objects.get()
    return payment.refunded_minor, payment.refunding_minor, payment.disputed_minor


def standing() -> tuple[int, int, int, int]:
    """What is with the provider, claimed, on its way back, and lost, in US cents."""
    clearing, disputed = -balance("clearing", "sandbox"), -balance("disputed")
    return clearing, disputed, balance("refunds_in_transit"), -balance("dispute_losses")


def books_agree(at: datetime) -> None:
    follow(at)
    assert audit(at) == []
    assert reconcile("sandbox", NOW - DAY, at + DAY, "worker", at).left == []


def told(order_id: UUID) -> list[str]:
    rows = Outbox.objects.filter(order_id=order_id).exclude(kind="order.in_review")
    return sorted(rows.values_list("kind", flat=True))


@pytest.mark.usefixtures("first_payments_are_looked_at")
def test_a_dispute_ends_the_review_and_the_bank_gives_back(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    before, order_id = valid_until(cast), in_review(cast, provider)
    bank(provider, "open", NOW + HOUR)
    order = Order.objects.by_id(order_id)
    assert (order.state, order.failure_code) == (OrderState.FAILED, "payment_disputed")
    assert (wallet(cast), counted(), standing()) == ((100, 0), (0, 0, 200), (0, 200, 200, 0))
    assert show_order(order_id, cast.account.id, NOW).stage == "disputed"
    books_agree(NOW + HOUR)
    with pytest.raises(FlowRefused, match="review_decided"):
        approve(order_id, "", ANNA, NOW + HOUR)
    work_off(NOW + 5 * DAY)
    assert not provider.refunds, "nothing is sent while the bank has it"
    bank(provider, "lost", NOW + 5 * DAY)
    assert (wallet(cast), counted(), standing()) == ((100, 0), (0, 0, 200), (0, 0, 0, 0))
    assert Refund.objects.get().state == RefundState.REFUNDED
    assert not provider.refunds
    assert told(order_id) == ["order.dispute_lost", "order.disputed", "order.failed"]
    assert valid_until(cast) == before
    assert Order.objects.by_id(order_id).next_action_at is None
    books_agree(NOW + 5 * DAY)


@pytest.mark.usefixtures("first_payments_are_looked_at")
def test_what_was_looked_at_and_is_left_with_us_goes_back_then(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order_id = in_review(cast, provider)
    bank(provider, "open", NOW + HOUR)
    bank(provider, "won", NOW + 5 * DAY)
    assert (wallet(cast), counted(), standing()) == ((100, 0), (200, 0, 0), (0, 0, 0, 0))
    assert len(provider.refunds) == 1
    assert "order.refunded" in told(order_id)
    assert Order.objects.by_id(order_id).next_action_at is None
    books_agree(NOW + 5 * DAY)


@pytest.mark.usefixtures("first_payments_are_looked_at")
def test_a_dispute_that_was_won_before_we_saw_it_ends_no_review(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order_id = in_review(cast, provider)
    bank(provider, "won", NOW + HOUR)
    order = Order.objects.by_id(order_id)
    assert (order.state, order.next_action_at) == (OrderState.PENDING, NOW + DAY)
    assert (wallet(cast), standing()) == ((300, 300), (200, 0, 0, 0))
    assert Dispute.objects.get().state == "won"
    books_agree(NOW + HOUR)
    assert approve(order_id, "", ANNA, NOW + HOUR) is OrderState.COMPLETED


@pytest.mark.usefixtures("first_payments_are_looked_at")
def test_staff_who_refuse_before_the_dispute_was_asked_about_send_nothing(
    provider: FakeProvider,
) -> None:
    cast = assemble(wallet_minor=100)
    order_id = in_review(cast, provider)
    payment = Payment.objects.get()
    provider.dispute(payment.id)
    receive_webhook("sandbox", {"X-Good": "yes"}, f"e {payment.id} dispute.opened".encode(), NOW)
    refuse(order_id, "no", ANNA, NOW)
    provider.silent = 1
    work_off(NOW)
    assert counted() == (0, 200, 0)
    work_off(NOW + HOUR)
    assert (counted(), provider.refunds) == ((0, 0, 200), {})
    assert wallet(cast) == (100, 0)


@pytest.mark.usefixtures("first_payments_are_looked_at")
def test_staff_who_let_it_pass_while_the_provider_is_asked_are_heard(
    provider: FakeProvider, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the network is told first; it refuses, and what goes back is what the bank took."""
    cast = assemble(wallet_minor=100, delivery="network")
    order_id = in_review(cast, provider)
    network.script, ask = ["refuse"], provider.ask

    def asked(*about: Any) -> PaymentStatus:
        if Order.objects.by_id(order_id).state == OrderState.PENDING:
            approve(order_id, "", ANNA, NOW)
        return ask(*about)

    monkeypatch.setattr(provider, "ask", asked)
    bank(provider, "open", NOW)
    order = Order.objects.by_id(order_id)
    assert (order.state, order.failure_code) == (OrderState.FAILED, "network_no_such_card")
    assert (wallet(cast), counted(), provider.refunds) == ((100, 0), (0, 0, 200), {})
    books_agree(NOW)


def test_what_goes_back_is_not_sent_while_the_bank_has_it_and_done_when_it_keeps_it(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    order_id = refused_by_network(cast, provider, network)
    bank(provider, "open", NOW)
    assert (counted(), standing(), provider.refunds) == ((0, 0, 200), (0, 200, 200, 0), {})
    assert Refund.objects.get().state == RefundState.SENDING
    books_agree(NOW)
    bank(provider, "lost", NOW + 5 * DAY)
    assert (counted(), standing(), provider.refunds) == ((0, 0, 200), (0, 0, 0, 0), {})
    refund = Refund.objects.get()
    assert (refund.state, refund.by_bank_minor) == (RefundState.REFUNDED, 200)
    assert (wallet(cast), wallet_kept(order_id)) == ((100, 0), False)
    books_agree(NOW + 5 * DAY)


def test_what_goes_back_is_sent_when_the_bank_leaves_it_with_us(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    order_id = refused_by_network(cast, provider, network)
    bank(provider, "open", NOW)
    bank(provider, "won", NOW + 5 * DAY)
    assert (counted(), standing()) == ((200, 0, 0), (0, 0, 0, 0))
    assert [each.amount_minor for each in provider.refunds.values()] == [200]
    assert (wallet(cast), wallet_kept(order_id)) == ((100, 0), False)
    books_agree(NOW + 5 * DAY)


@pytest.mark.parametrize("outcome", ["lost", "won"])
def test_a_provider_that_refuses_because_of_a_dispute_fills_no_wallet(
    provider: FakeProvider, network: ScriptedNetwork, outcome: DisputeOutcome
) -> None:
    """Its webhook was lost: the refusal is the first that we hear of the dispute."""
    cast = assemble(wallet_minor=100, delivery="network")
    order_id = refused_by_network(cast, provider, network)
    provider.dispute(Payment.objects.get().id)
    work_off(NOW)
    assert (wallet(cast), counted()) == ((100, 0), (0, 0, 200))
    bank(provider, outcome, NOW + 5 * DAY)
    assert (wallet(cast), wallet_kept(order_id)) == ((100, 0), False)
    assert counted() == ((0, 0, 200) if outcome == "lost" else (200, 0, 0))
    books_agree(NOW + 5 * DAY)


def test_a_dispute_that_was_lost_before_we_heard_of_it_is_the_refund(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    refused_by_network(cast, provider, network)
    provider.dispute(Payment.objects.get().id, "lost")
    work_off(NOW)
    assert (wallet(cast), counted(), standing()) == ((100, 0), (0, 0, 200), (0, 0, 0, 0))
    books_agree(NOW)


def test_no_answer_to_the_question_after_a_refusal_puts_nothing_into_a_wallet(
    provider: FakeProvider, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    order_id = refused_by_network(cast, provider, network)
    provider.dispute(Payment.objects.get().id)
    ask = provider.ask

    def silent(*about: Any) -> PaymentStatus:
        provider.silent = 1
        return ask(*about)

    monkeypatch.setattr(provider, "ask", silent)
    work_off(NOW)
    assert (wallet(cast), counted()) == ((100, 0), (0, 200, 0))
    due_at = Order.objects.by_id(order_id).next_action_at
    assert due_at is not None
    assert NOW < due_at < NOW + HOUR


def test_of_what_the_bank_takes_a_part_the_rest_is_sent(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    order_id = refused_by_network(cast, provider, network)
    bank(provider, "open", NOW, amount_minor=150)
    assert (counted(), standing()) == ((0, 50, 150), (50, 150, 200, 0))
    books_agree(NOW)
    bank(provider, "lost", NOW + 5 * DAY)
    assert (counted(), standing()) == ((50, 0, 150), (0, 0, 0, 0))
    assert (wallet(cast), wallet_kept(order_id)) == ((100, 0), False)
    books_agree(NOW + 5 * DAY)


def test_a_refund_that_was_made_before_is_booked_before_the_dispute(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    """Its answer was lost; then the bank takes the money once more, which a person must see."""
    cast = assemble(wallet_minor=100, delivery="network")
    refused_by_network(cast, provider, network)
    provider.silent = 1
    advance(Payment.objects.get().order_id, "en", NOW)
    bank(provider, "open", NOW, amount_minor=200)
    assert counted() == (200, 0, 0)
    assert Dispute.objects.get().booked_minor == 0
    assert audit(NOW) == []
    left = reconcile("sandbox", NOW - DAY, NOW + DAY, "worker", NOW).left
    assert [(one.kind, one.ours_minor, one.theirs_minor) for one in left] == [
        ("dispute_differs", 0, 200)
    ]


@pytest.mark.parametrize("outcome", ["lost", "won"])
def test_what_a_provider_would_not_take_back_is_held_in_the_wallet(
    provider: FakeProvider, network: ScriptedNetwork, outcome: DisputeOutcome
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    refused_by_network(cast, provider, network)
    provider.refuse_refunds = True
    work_off(NOW)
    assert wallet(cast) == (300, 0)
    bank(provider, "open", NOW + DAY)
    assert wallet(cast) == (300, 200)
    bank(provider, outcome, NOW + 2 * DAY)
    assert wallet(cast) == ((100, 0) if outcome == "lost" else (300, 0))
    assert standing() == (0 if outcome == "lost" else 200, 0, 0, 0)
    books_agree(NOW + 2 * DAY)


def test_an_order_without_service_blocks_no_line(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    refused_by_network(cast, provider, network)
    bank(provider, "open", NOW)
    assert not Dispute.objects.get().blocks_line


@pytest.mark.parametrize("outcome", ["lost", "won"])
def test_a_refund_by_staff_that_the_bank_overtakes_is_made_once(
    provider: FakeProvider, outcome: DisputeOutcome
) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    refunded(order)
    bank(provider, "open", NOW)
    assert (wallet(cast), counted()) == ((100, 0), (0, 0, 200))
    books_agree(NOW)
    bank(provider, outcome, NOW + DAY)
    assert (wallet(cast), standing()) == ((100, 0), (0, 0, 0, 0))
    assert counted() == ((0, 0, 200) if outcome == "lost" else (200, 0, 0))
    recognise(NOW + 90 * DAY)
    assert (balance("deferred_revenue"), balance("revenue")) == (0, 0)
    books_agree(NOW + DAY)


def test_goodwill_that_the_bank_overtakes_leaves_the_service(provider: FakeProvider) -> None:
    """The bank takes more than was on its way: the sale loses the rest, and its term ends."""
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    refunded(order, scope="part", amount_minor=150)
    bank(provider, "open", NOW, amount_minor=200)
    dispute = Dispute.objects.get()
    assert (dispute.booked_minor, dispute.in_transit_minor, dispute.sale_minor) == (200, 150, 50)
    bank(provider, "lost", NOW + DAY)
    assert (counted(), standing()) == ((0, 0, 200), (0, 0, 0, 0))
    assert Dispute.objects.get().ends_service
    books_agree(NOW + DAY)


def test_a_bank_that_takes_goodwill_alone_takes_no_service(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    refunded(order, scope="part", amount_minor=200)
    bank(provider, "open", NOW)
    bank(provider, "lost", NOW + DAY)
    assert valid_until(cast) == order.valid_until_after
    assert (counted(), standing()) == ((0, 0, 200), (0, 0, 0, 0))
    recognise(NOW + 90 * DAY)
    assert balance("revenue") == 100
    books_agree(NOW + DAY)


def test_staff_refund_what_is_not_disputed_and_it_is_sent_when_the_bank_has_decided(
    provider: FakeProvider,
) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    bank(provider, "open", NOW, amount_minor=80)
    refund = refunded(order, scope="part", amount_minor=120)
    assert (refund.method_minor, refund.state) == (120, RefundState.SENDING)
    work_off(NOW + HOUR)
    assert (counted(), provider.refunds) == ((0, 120, 80), {})
    bank(provider, "lost", NOW + DAY)
    assert (counted(), standing()) == ((120, 0, 80), (0, 0, 0, 0))
    books_agree(NOW + DAY)


def test_a_top_up_that_goes_back_is_not_held_as_well(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=50)
    order = topped_up(cast, provider, 500)
    refunded(order, scope="part", amount_minor=500)
    bank(provider, "open", NOW)
    assert (wallet(cast), counted()) == ((50, 0), (0, 0, 500))
    bank(provider, "lost", NOW + DAY)
    assert (wallet(cast), standing()) == ((50, 0), (0, 0, 0, 0))
    books_agree(NOW + DAY)


def wallet_kept(order_id: UUID) -> bool:
    """Whether the holder was told that the money lies in the wallet."""
    return "order.refunded_to_wallet" in told(order_id)
