"""refund_order: money of a completed order goes back, and its service with it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from keepline.core.agenda import Step
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.refund import RefundState
from keepline.core.money import Money
from keepline.flows import refund_order, renew_line
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.recognise_revenue import number_receipts, recognise
from keepline.flows.settle_payment import settle
from keepline.flows.sweep_lines import sweep
from keepline.ledger.models import Transfer
from keepline.lines.models import Extension, Reversal, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments import limits
from keepline.payments.models import Payment, Refund
from keepline.usage import queries as usage
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.exchanging import rates
from tests.flows.acts import pay_by_provider, request, valid_until, wallet
from tests.flows.refunds import ANNA, balance, bought, refunded, topped_up, wish

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TAXED = {"price_minor": 300, "tax_rate_ppm": 200_000, "tax_inclusive": True}


def test_the_whole_goes_back_the_way_it_came_and_the_line_is_as_before(
    provider: FakeProvider,
) -> None:
    cast = assemble(wallet_minor=100, **TAXED)
    before = Validity.objects.by_id(cast.line.id)
    order = bought(cast, provider=provider)
    assert valid_until(cast) > before.valid_until
    refund = refunded(order)
    assert (refund.state, refund.amount_minor, refund.method_minor) == (
        RefundState.SENDING,
        300,
        200,
    )
    assert wallet(cast) == (100, 0), "the wallet's part, at once"
    row = Validity.objects.by_id(cast.line.id)
    for name in ("valid_until", "anchor_at", "anchor_count", "plan_id"):
        assert getattr(row, name) == getattr(before, name)
    advance(order.id, "en", NOW)
    refund = Refund.objects.get(id=refund.id)
    payment = Payment.objects.get(order_id=order.id)
    assert (refund.state, payment.refunded_minor) == (RefundState.REFUNDED, 200)
    assert provider.payments[payment.id].refunded_minor == 200
    assert balance("clearing", "sandbox") == 0
    assert {balance(code) for code in ("deferred_revenue", "revenue", "tax_payable")} == {0}
    assert Order.objects.by_id(order.id).next_action_at is None
    told = Outbox.objects.get(kind="order.refunded")
    assert told.refund_id == refund.id


def test_what_the_wallet_paid_goes_back_into_it() -> None:
    cast = assemble(wallet_minor=300)
    order = bought(cast)
    refund = refunded(order)
    assert (refund.state, refund.method_minor) == (RefundState.TO_WALLET, 0)
    assert wallet(cast) == (300, 0)
    assert Outbox.objects.filter(kind="order.refunded_to_wallet").count() == 1
    assert Order.objects.by_id(order.id).next_action_at is None


def test_into_the_wallet_when_the_holder_wants_it_there(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    refunded(order, destination="wallet")
    assert wallet(cast) == (300, 0)
    assert not provider.refunds
    assert balance("clearing", "sandbox") == -200


def test_a_provider_that_will_not_leaves_it_in_the_wallet(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    provider.refuse_refunds = True
    refunded(order)
    advance(order.id, "en", NOW)
    refund = Refund.objects.get()
    assert (refund.state, refund.refusal_code) == (RefundState.TO_WALLET, "closed")
    assert wallet(cast) == (300, 0)
    with pytest.raises(FlowRefused, match="refund_nothing_left"):
        refunded(order, key="refund-02")


def test_without_an_answer_it_is_asked_again_and_given_back_once(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    refunded(order)
    provider.silent = 1
    advance(order.id, "en", NOW)
    again_at = Order.objects.by_id(order.id).next_action_at
    assert again_at is not None
    assert again_at > NOW
    advance(order.id, "en", again_at)
    assert len(provider.refunds) == 1
    assert Payment.objects.get().refunded_minor == 200


def test_what_was_paid_in_another_currency_goes_back_in_it(
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
    refunded(order, scope="part", amount_minor=50)
    advance(order_id, "en", NOW)
    assert [(r.amount_minor, r.refund_id) for r in provider.refunds.values()] == [
        (46, Refund.objects.get().id)
    ]
    refunded(order, key="refund-02")
    advance(order_id, "en", NOW)
    assert Payment.objects.get().refunded_minor == 184
    assert [(r.method_minor, r.sent_minor) for r in Refund.objects.order_by("amount_minor")] == [
        (50, 46),
        (150, 138),
    ]
    assert wallet(cast) == (100, 0)


def test_parts_differ_in_their_id_and_stop_at_what_was_paid(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100, **TAXED)
    order = bought(cast, provider=provider)
    for number, amount in enumerate((150, 100, 50)):
        refunded(order, key=f"refund-{number:02}", scope="part", amount_minor=amount)
        advance(order.id, "en", NOW)
    assert [r.amount_minor for r in provider.refunds.values()] == [150, 50]
    assert [r.tax_minor for r in Refund.objects.order_by("id")].count(0) == 0
    assert sum(r.tax_minor for r in Refund.objects.all()) == order.tax_minor == 50
    assert wallet(cast) == (100, 0)
    assert valid_until(cast) == order.valid_until_after, "goodwill: the service stays"
    with pytest.raises(FlowRefused, match="refund_nothing_left"):
        refunded(order, key="refund-99", scope="part", amount_minor=1)


@pytest.mark.parametrize("booked_days", [0, 10, 24, 60])
def test_pro_rata_ends_the_term_and_gives_its_days_back(booked_days: int) -> None:
    cast = assemble(wallet_minor=300, line_fields={"valid_until": NOW}, **TAXED)
    order = bought(cast)
    then = NOW + 24 * DAY
    recognise(NOW + booked_days * DAY)
    period = Extension.objects.get(order_id=order.id)
    refund = refunded(order, then, scope="pro_rata")
    paid = (period.period_end.date() - period.period_start.date()).days
    assert refund.amount_minor == 300 * (paid - 25) // paid
    assert valid_until(cast) == then
    assert Reversal.objects.get(id=period.id).ended_at == then
    sweep(then)
    assert Validity.objects.by_id(cast.line.id).state == LineState.GRACE
    recognise(then + 90 * DAY)
    net = 300 - refund.amount_minor - (order.tax_minor - refund.tax_minor)
    assert (balance("deferred_revenue"), balance("revenue")) == (0, net)
    assert balance("tax_payable") == order.tax_minor - refund.tax_minor


def test_a_part_keeps_the_service_and_is_earned_as_a_smaller_sale() -> None:
    cast = assemble(wallet_minor=300, line_fields={"valid_until": NOW})
    order = bought(cast)
    recognise(NOW + 10 * DAY)
    earned = balance("revenue")
    assert 0 < earned < 300
    refunded(order, NOW + 10 * DAY, scope="part", amount_minor=200)
    assert balance("revenue") < earned, "of what was earned, the refund took its part"
    recognise(NOW + 90 * DAY)
    assert (balance("deferred_revenue"), balance("revenue")) == (0, 100)


def test_a_sale_that_is_entered_late_goes_back_from_the_day_it_is_earned_on() -> None:
    """Nobody numbered it for ten days: those are to be earned on the first open day."""
    cast = assemble(wallet_minor=600, line_fields={"valid_until": NOW})
    bought(cast)
    recognise(NOW + 20 * DAY)
    late = renew_line.start(request(cast, key="key-0002"), NOW).order
    recognise(NOW + 45 * DAY)
    number_receipts("house", NOW + 45 * DAY)
    refunded(Order.objects.by_id(late.id), NOW + 45 * DAY, scope="pro_rata")
    assert audit(NOW) == []
    recognise(NOW + 90 * DAY)
    assert balance("deferred_revenue") == 0


def test_only_the_last_order_can_be_taken_back() -> None:
    cast = assemble(wallet_minor=600)
    first, second = bought(cast), bought(cast, "key-0002")
    with pytest.raises(FlowRefused) as refused:
        refunded(first)
    assert refused.value.code == "refund_later_term"
    assert refused.value.facts == {"order_id": second.id}
    assert wallet(cast) == (0, 0)
    refunded(second)
    assert valid_until(cast) == first.valid_until_after
    refunded(first)
    assert valid_until(cast) == NOW + 10 * DAY
    assert wallet(cast) == (600, 0)


def test_what_was_taken_back_can_be_bought_again() -> None:
    cast = assemble(wallet_minor=300)
    first = bought(cast)
    refunded(first)
    again = bought(cast, "key-0002")
    assert again.valid_until_after == first.valid_until_after
    assert {e.turn for e in Extension.objects.filter(line_id=cast.line.id)} == {0, 1}
    refunded(again, NOW + 12 * DAY, key="refund-02", scope="pro_rata")
    assert valid_until(cast) == NOW + 12 * DAY


def test_a_life_that_was_cut_short_twice_counts_from_what_is_left() -> None:
    """The piece that never began must not outlive the one before it."""
    cast = assemble(wallet_minor=900, line_fields={"valid_until": NOW})
    first, second = bought(cast), bought(cast, "key-0002")
    refunded(second)
    refunded(first, NOW + 3 * DAY, scope="pro_rata")
    assert valid_until(cast) == NOW + 3 * DAY
    third = bought(cast, "key-0003", now=NOW + 5 * DAY)
    assert third.valid_until_before == NOW + 3 * DAY


def test_its_buckets_go_with_it() -> None:
    cast = assemble(wallet_minor=300, data_bytes=1000)
    before = usage.left(cast.line.id, NOW)
    order = bought(cast)
    assert usage.left(cast.line.id, NOW).data_bytes == 2000
    refunded(order)
    assert usage.left(cast.line.id, NOW) == before


def test_it_does_not_renew_by_itself_afterwards() -> None:
    cast = assemble(wallet_minor=300, line_fields={"valid_until": NOW})
    order = bought(cast)
    Validity.objects.filter(id=cast.line.id).update(auto_renew=True)
    then = NOW + DAY
    assert refund_order.preview(order.id, wish(), then).ends_auto_renew
    refunded(order, then)
    row = Validity.objects.by_id(cast.line.id)
    assert (row.auto_renew, row.next_step, row.next_action_at) == (False, Step.EXPIRE, then)
    sweep(then + timedelta(minutes=1))
    assert Order.objects.filter(kind="renewal").count() == 1


def test_the_network_is_put_back(provider: FakeProvider, network: ScriptedNetwork) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    order_id = pay_by_provider(cast, provider)
    advance(order_id, "en", NOW)
    number_receipts("house", NOW)
    refunded(Order.objects.by_id(order_id))
    assert network.reverted == set()
    advance(order_id, "en", NOW)
    assert network.reverted == {order_id}
    assert provider.refunds
    assert not Order.objects.by_id(order_id).undo_due


def test_nothing_ends_while_the_network_is_told_of_another_order(
    network: ScriptedNetwork,
) -> None:
    cast = assemble(wallet_minor=600, delivery="network")
    first = bought_by_network(cast)
    network.deaf = True
    bought_by_network(cast, "key-0002")
    with pytest.raises(FlowRefused, match="order_under_way"):
        refunded(first)


def bought_by_network(cast: Cast, key: str = "key-0001") -> Order:
    order = bought(cast, key)
    advance(order.id, "en", NOW)
    number_receipts("house", NOW)
    return Order.objects.by_id(order.id)  # type: ignore[no-any-return]


def test_a_term_that_is_over_is_money_alone() -> None:
    cast = assemble(wallet_minor=300, line_fields={"valid_until": NOW})
    order = bought(cast)
    then = NOW + 40 * DAY
    with pytest.raises(FlowRefused, match="refund_term_over"):
        refunded(order, then, scope="pro_rata")
    assert not refunded(order, then).ends_service
    assert valid_until(cast) == order.valid_until_after
    assert wallet(cast) == (300, 0)


def test_a_top_up_goes_back_as_far_as_it_is_still_there(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    order = topped_up(cast, provider, 500)
    bought(cast)
    with pytest.raises(FlowRefused) as refused:
        refunded(order)
    assert (refused.value.code, refused.value.facts) == ("refund_spent", {"free_minor": 200})
    with pytest.raises(FlowRefused, match="refund_way"):
        refunded(order, destination="wallet", scope="part", amount_minor=100)
    refunded(order, scope="part", amount_minor=200)
    assert wallet(cast) == (0, 0)
    advance(order.id, "en", NOW)
    assert Payment.objects.get().refunded_minor == 200
    assert balance("clearing", "sandbox") == -300


def test_a_key_is_one_refund() -> None:
    cast = assemble(wallet_minor=300)
    order = bought(cast)
    first = refunded(order, scope="part", amount_minor=100)
    assert refunded(order, scope="part", amount_minor=100).id == first.id
    with pytest.raises(FlowRefused, match="key_reused"):
        refunded(order, scope="part", amount_minor=101)
    assert Refund.objects.count() == 1


def test_above_the_limit_it_waits_and_parts_are_counted_together() -> None:
    cast = assemble(wallet_minor=300)
    order = bought(cast)
    limits.put_in_force(replace(limits.shipped(), refunds={"default": 2}))
    try:
        assert refunded(order, scope="part", amount_minor=200).state == RefundState.TO_WALLET
        second = refunded(order, key="refund-02", scope="part", amount_minor=1)
    finally:
        limits.put_in_force(None)
    assert (second.state, second.needs_second) == (RefundState.REQUESTED, True)
    assert wallet(cast) == (200, 0)
    assert not Transfer.objects.filter(amount_minor=1).exists()


def test_the_preview_is_what_is_done() -> None:
    cast = assemble(wallet_minor=300, line_fields={"valid_until": NOW}, **TAXED)
    order = bought(cast)
    then = NOW + 7 * DAY
    seen = refund_order.preview(order.id, wish("pro_rata"), then)
    rows = Transfer.objects.count()
    assert seen.valid_until_before == order.valid_until_after
    refund = refunded(order, then, scope="pro_rata")
    assert (refund.amount_minor, refund.tax_minor) == (seen.back.amount_minor, seen.tax_minor)
    assert valid_until(cast) == seen.valid_until_after
    assert Transfer.objects.count() > rows


def test_an_amount_that_changed_since_it_was_seen_is_not_given() -> None:
    cast = assemble(wallet_minor=300)
    order = bought(cast)
    asked = refund_order.RefundRequest(order.id, wish(), "a reason", "key-0009", ANNA, 299)
    with pytest.raises(FlowRefused, match="refund_changed"):
        refund_order.ask(asked, NOW)
    with pytest.raises(FlowRefused, match="reason_missing"):
        refund_order.ask(replace(asked, reason=" "), NOW)
    assert not Refund.objects.exists()


def test_an_order_without_service_or_receipt_is_not_refunded(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=600)
    order = bought(cast)
    Order.objects.filter(id=order.id).update(receipt_number=None)
    with pytest.raises(FlowRefused, match="refund_too_early"):
        refunded(order)
    Order.objects.filter(id=order.id).update(receipt_number=order.receipt_number)
    opening = Order.objects.get(kind="opening")
    with pytest.raises(FlowRefused, match="not_refundable"):
        refunded(opening)
