"""follow_disputes: what a payer's bank takes is booked, the line rests, and the end is followed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from keepline.core.lifecycle.line import LineState
from keepline.core.money import Money
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_disputes import follow_disputes
from keepline.flows.open_payment import open_payment
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.recognise_revenue import number_receipts, recognise
from keepline.flows.reconcile import reconcile
from keepline.flows.settle_payment import settle
from keepline.flows.sweep_lines import sweep
from keepline.gateways.payments.port import ProviderEvent
from keepline.lines.models import Reversal, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments import limits
from keepline.payments.models import Dispute, Payment
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.exchanging import rates
from tests.flows.acts import pay_by_provider, request, valid_until, wallet
from tests.flows.at_once import work_off
from tests.flows.refunds import balance, bought, refunded, topped_up

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def state(cast: Cast) -> str:
    return str(Validity.objects.by_id(cast.line.id).state)


def disputed(
    provider: FakeProvider, order: Order, outcome: str = "open", dispute_id: str = "dispute-1"
) -> None:
    """The bank decides, and the provider is asked about it."""
    payment = Payment.objects.get(order_id=order.id)
    provider.dispute(payment.id, outcome, dispute_id)  # type: ignore[arg-type]
    follow_disputes(order.id, NOW, told=True)


def test_an_open_dispute_is_claimed_and_the_line_rests(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    disputed(provider, order)
    assert (balance("clearing", "sandbox"), balance("disputed")) == (0, -200)
    assert state(cast) == LineState.BLOCKED
    assert Payment.objects.get().disputed_minor == 200
    assert Order.objects.by_id(order.id).next_action_at == NOW + DAY, "asked about every day"
    sweep(NOW + 60 * DAY)
    assert state(cast) == LineState.BLOCKED
    assert [event.kind for event in Outbox.objects.filter(kind__startswith="order.d")] == [
        "order.disputed"
    ]


def test_won_everything_is_as_before(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    disputed(provider, order)
    disputed(provider, order, "won")
    assert (balance("clearing", "sandbox"), balance("disputed")) == (-200, 0)
    assert (state(cast), valid_until(cast)) == (LineState.ACTIVE, order.valid_until_after)
    assert (Payment.objects.get().disputed_minor, Payment.objects.get().disputes_due) == (0, False)
    advance(order.id, "en", NOW)
    assert Order.objects.by_id(order.id).next_action_at is None


@pytest.mark.parametrize("booked_days", [0, 15, 60])
def test_lost_the_service_that_it_paid_for_is_taken_back(
    provider: FakeProvider, booked_days: int
) -> None:
    cast = assemble(wallet_minor=100, tax_rate_ppm=200_000, line_fields={"valid_until": NOW})
    order = bought(cast, provider=provider)
    recognise(NOW + booked_days * DAY)
    disputed(provider, order)
    disputed(provider, order, "lost")
    assert (balance("clearing", "sandbox"), balance("disputed")) == (0, 0)
    assert balance("tax_payable") == order.tax_minor - order.tax_minor * 200 // 300
    assert valid_until(cast) == NOW
    assert Reversal.objects.get().cause_id == Dispute.objects.get().id
    sweep(NOW + timedelta(minutes=1))
    assert state(cast) == LineState.GRACE
    recognise(NOW + 90 * DAY)
    assert balance("deferred_revenue") == 0
    assert balance("revenue") + balance("tax_payable") == 100, "what the wallet paid is kept"


def test_what_is_disputed_cannot_be_refunded_too(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    disputed(provider, order)
    refund = refunded(order, scope="part", amount_minor=100)
    assert refund.method_minor == 0
    with pytest.raises(FlowRefused, match="refund_nothing_left"):
        refunded(order, key="refund-02", scope="part", amount_minor=1)
    disputed(provider, order, "lost")
    recognise(NOW + 90 * DAY)
    assert {balance(code) for code in ("deferred_revenue", "revenue", "disputed")} == {0}


def test_what_went_into_the_wallet_and_is_taken_once_more_is_our_loss(
    provider: FakeProvider,
) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    refunded(order, destination="wallet", scope="part", amount_minor=250)
    disputed(provider, order)
    disputed(provider, order, "lost")
    assert wallet(cast) == (250, 0)
    assert (balance("disputed"), balance("dispute_losses")) == (0, -150)
    recognise(NOW + 90 * DAY)
    assert (balance("deferred_revenue"), balance("revenue")) == (0, 0)


def test_paid_in_another_currency_it_is_taken_back_in_it(
    provider: FakeProvider, tmp_path: Path
) -> None:
    cast = assemble(wallet_minor=100)
    with rates(tmp_path, EUR="0.9213"):
        asked = request(cast, provider="sandbox", pay_as=Money(184, "EUR"))
        order_id = renew_line.start(asked, NOW).order_id
        open_payment(order_id, "en", NOW)
        provider.pay(Payment.objects.get().id)
        settle(order_id, NOW)
    number_receipts("house", NOW)
    order = Order.objects.by_id(order_id)
    disputed(provider, order)
    assert Dispute.objects.get().sale_minor == 200
    disputed(provider, order, "lost")
    recognise(NOW + 90 * DAY)
    assert (balance("revenue"), balance("exchange")) == (100, 0)


def test_more_than_is_left_is_a_difference_between_the_books(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    refunded(order, scope="part", amount_minor=150)
    advance(order.id, "en", NOW)
    provider.dispute(Payment.objects.get().id, amount_minor=200)
    follow_disputes(order.id, NOW, told=True)
    dispute = Dispute.objects.get()
    assert (dispute.amount_minor, dispute.booked_minor) == (200, 50)
    assert audit(NOW) == []
    left = reconcile("sandbox", NOW - DAY, NOW + DAY, "worker", NOW).left
    assert [(one.kind, one.ours_minor, one.theirs_minor) for one in left] == [
        ("dispute_differs", 50, 200)
    ]


def test_a_top_up_is_held_in_the_wallet_as_far_as_it_is_there(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    order = topped_up(cast, provider, 500)
    bought(cast)
    disputed(provider, order)
    assert wallet(cast) == (200, 200)
    assert state(cast) == LineState.ACTIVE, "no line was paid by it directly"
    disputed(provider, order, "lost")
    assert wallet(cast) == (0, 0)
    assert (balance("disputed"), balance("dispute_losses")) == (0, -300)


def test_a_top_up_that_was_won_is_free_again(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    order = topped_up(cast, provider, 500)
    disputed(provider, order)
    disputed(provider, order, "won")
    assert wallet(cast) == (500, 0)
    assert balance("clearing", "sandbox") == -500


def test_a_term_under_later_orders_stays(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    later = bought(cast, "key-0002", provider=provider)
    disputed(provider, order)
    disputed(provider, order, "lost")
    assert valid_until(cast) == later.valid_until_after
    assert not Dispute.objects.get().ends_service
    assert state(cast) == LineState.ACTIVE


def test_a_line_rests_until_the_last_dispute_about_it_is_decided(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    first = bought(cast, provider=provider)
    second = bought(cast, "key-0002", provider=provider)
    disputed(provider, first)
    disputed(provider, second, dispute_id="dispute-2")
    disputed(provider, first, "won")
    assert state(cast) == LineState.BLOCKED
    disputed(provider, second, "won", "dispute-2")
    assert state(cast) == LineState.ACTIVE


@pytest.fixture
def lines_go_on() -> Iterator[None]:
    limits.put_in_force(replace(limits.shipped(), block_disputed=False))
    yield
    limits.put_in_force(None)


def test_the_operator_may_let_lines_go_on(provider: FakeProvider, lines_go_on: None) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    disputed(provider, order)
    assert state(cast) == LineState.ACTIVE


def test_a_webhook_says_where_to_look(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    payment = Payment.objects.get()
    provider.dispute(payment.id)
    event = ProviderEvent("evt-1", "dispute.opened", payment.id, order.id, NOW)
    monkeypatch.setattr(provider, "verify_webhook", lambda *_: event)
    receive_webhook("sandbox", {}, b"{}", NOW)
    provider.silent = 1
    advance(order.id, "en", NOW)
    assert not Dispute.objects.exists()
    due_at = Order.objects.by_id(order.id).next_action_at
    assert due_at is not None
    advance(order.id, "en", due_at)
    assert Dispute.objects.get().booked_minor == 200
    advance(order.id, "en", due_at + DAY)
    assert Dispute.objects.count() == 1


def test_an_order_under_way_comes_to_its_end_first(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    """Else nobody knew whose the money is: the network may still take the order or refuse it."""
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["refuse"]
    order_id = pay_by_provider(cast, provider)
    provider.dispute(Payment.objects.get().id)
    assert not follow_disputes(order_id, NOW, told=True)
    assert not Dispute.objects.exists()
    for _ in range(3):
        advance(order_id, "en", NOW)
    assert (Dispute.objects.get().booked_minor, Payment.objects.get().refunded_minor) == (200, 0)
    assert wallet(cast) == (100, 0)


def test_a_comparison_of_the_books_finds_it(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    bought(cast, provider=provider)
    provider.dispute(Payment.objects.get().id)
    found = reconcile("sandbox", NOW - DAY, NOW + DAY, "worker", NOW)
    assert ([one.kind for one in found.settled], found.left) == (["dispute_differs"], [])
    assert found.totals == {} or all(
        both.ours_minor == both.theirs_minor == 0 for both in found.totals.values()
    )


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_what_is_lost_waits_for_the_receipt_and_what_is_won_for_nothing(
    provider: FakeProvider, outcome: str
) -> None:
    cast = assemble(wallet_minor=100)
    order_id = renew_line.start(request(cast, provider="sandbox"), NOW).order_id
    open_payment(order_id, "en", NOW)
    provider.pay(Payment.objects.get().id)
    settle(order_id, NOW)
    order = Order.objects.by_id(order_id)
    disputed(provider, order)
    disputed(provider, order, outcome)
    assert Dispute.objects.get().state == ("open" if outcome == "lost" else "won")
    number_receipts("house", NOW)
    advance(order_id, "en", NOW + DAY)
    assert Dispute.objects.get().state == outcome


def test_a_dispute_told_before_the_capture_was_booked_is_asked_about_after_it(
    provider: FakeProvider,
) -> None:
    cast = assemble(wallet_minor=100)
    order_id = renew_line.start(request(cast, provider="sandbox"), NOW).order_id
    open_payment(order_id, "en", NOW)
    payment = Payment.objects.get()
    provider.pay(payment.id)
    provider.dispute(payment.id)
    body = f"evt-1 {payment.id} dispute.opened".encode()
    receive_webhook("sandbox", {"X-Good": "yes"}, body, NOW)
    work_off(NOW)
    assert (Dispute.objects.get().booked_minor, state(cast)) == (200, LineState.BLOCKED)


def test_a_dispute_told_while_the_network_works_is_asked_about_after_it(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    pay_by_provider(cast, provider)
    payment = Payment.objects.get()
    provider.dispute(payment.id)
    body = f"evt-1 {payment.id} dispute.opened".encode()
    receive_webhook("sandbox", {"X-Good": "yes"}, body, NOW)
    work_off(NOW)
    assert (Dispute.objects.get().booked_minor, state(cast)) == (200, LineState.BLOCKED)
