"""What an order has left to give back, and what a refund of it would do: the same for a preview
and under lock."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from keepline.core.exchange import part_of_paid
from keepline.core.lifecycle.order import OrderState
from keepline.core.money import Money
from keepline.core.refunds import Back, Destination, Refundable, RefundRefused, Wish, decide, tax_in
from keepline.flows.delivering.kinds import delivery_of
from keepline.flows.errors import FlowRefused
from keepline.ledger import queries as ledger_queries
from keepline.ledger import services as ledger
from keepline.lines import reversing
from keepline.lines import services as lines
from keepline.lines.services import LockedLine
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import SALES, Order, OrderKind
from keepline.payments import disputes, limits, refunds
from keepline.payments import queries as payment_queries
from keepline.payments import services as payments
from keepline.payments.models import Payment
from keepline.payments.ways import step_of

REFUNDABLE = (*SALES, OrderKind.TOP_UP)


@dataclass(frozen=True, slots=True)
class Case:
    """An order with what a refund of it must know. `free_minor`: what its wallet may spend."""

    order: Order
    line: LockedLine | None
    payment: Payment | None
    free_minor: int

    @property
    def is_top_up(self) -> bool:
        """Its money lies in the wallet, unless it was spent."""
        return self.order.kind == OrderKind.TOP_UP


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a refund does: to money (minor units of the order's currency) and to the line.

    `sent`: what of it the provider gives back, in the currency that it took. `rest_minor`: what it
    took too and cannot give back, being less than its step; that is for the wallet.

    `valid_until_after` is None when the line stays as it is. `needs_second`: it waits until
    another person of staff has said yes.
    """

    back: Back
    sent: Money
    rest_minor: int
    tax_minor: int
    valid_until_before: datetime | None
    valid_until_after: datetime | None
    ends_auto_renew: bool
    needs_second: bool


def read_case(order_id: UUID) -> Case:
    """Without a lock, for previews. Raises FlowRefused("not_found")."""
    order = order_queries.find(order_id)
    if order is None:
        raise FlowRefused("not_found")
    line = lines.read_line(order.line_id, order.account_id) if order.line_id else None
    free_minor = ledger_queries.free_minor(order.wallet_id)
    return Case(order, line, payment_queries.of_order(order_id), free_minor)


def lock_case(order_id: UUID) -> Case:
    """Stock, line, wallet, order and payment under lock, in this order. Raises FlowRefused."""
    seen = order_queries.find(order_id)
    if seen is None:
        raise FlowRefused("not_found")
    if seen.stock and seen.state == OrderState.PENDING:
        delivery_of(seen).lock_stock(seen)  # it may be given to its line now
    line = lines.lock_line(seen.line_id, seen.account_id) if seen.line_id else None
    free_minor = ledger.lock_wallet(seen.wallet_id)
    order = orders.lock_order(order_id)
    return Case(order, line, payments.lock_payment(order_id), free_minor)


def refundable(case: Case) -> Refundable:
    """What is left of the order. Raises FlowRefused when its kind or state has no refunds."""
    order = case.order
    if order.state != OrderState.COMPLETED or order.kind not in REFUNDABLE:
        raise FlowRefused("not_refundable")
    if order.receipt_number is None:
        raise FlowRefused("refund_too_early")
    disputed = disputes.taken_minor(order.id)
    method_left = order.payment_minor - refunds.by_method_minor(order.id)
    return Refundable(
        total_minor=order.total_minor,
        given_minor=refunds.given_minor(order.id) + disputed,
        method_left_minor=max(0, method_left - disputed),
        period=None if case.is_top_up else reversing.term_of(order.id),
    )


def given_for_good(order_id: UUID) -> int:
    """What of a sale went back and is booked out of it: refunds, and disputes that were lost."""
    return refunds.given_minor(order_id, booked_only=True) + disputes.lost_minor(order_id)


def outlook(case: Case, wish: Wish, now: datetime) -> Outlook:
    """What granting the wish would do. Raises FlowRefused with what stands in the way."""
    order, standing = case.order, refundable(case)
    try:
        back = decide(standing, wish, now)
    except RefundRefused as refused:
        raise FlowRefused(refused.code) from None
    wished = back.method_minor
    back = replace(back, method_minor=_on_step(case, wished))
    if case.is_top_up:
        _check_top_up(case, wish, back, wished)
    sent = sent_of(case, back.method_minor)
    if back.method_minor and not sent.amount_minor:  # nothing in the currency that was taken
        raise FlowRefused("refund_amount")
    valid_until_after = expiry_without(case, back.ends_at)
    limit_minor = limits.in_force().refund_alone_minor(order.currency)
    given = given_for_good(order.id)
    return Outlook(
        back=back,
        sent=sent,
        rest_minor=wished - back.method_minor,
        tax_minor=tax_in(order.total_minor, order.tax_minor, given, back.amount_minor),
        valid_until_before=case.line.valid_until if case.line else None,
        valid_until_after=valid_until_after,
        ends_auto_renew=bool(valid_until_after and case.line and case.line.auto_renew),
        needs_second=standing.given_minor + back.amount_minor > limit_minor,
    )


def sent_of(case: Case, method_minor: int) -> Money:
    """What the provider is to give back, when `method_minor` of its part of the order is."""
    order = case.order
    if order.exchange is None:
        return Money(method_minor, order.currency)
    return Money(_paying(case, _step(case))(method_minor), order.asked.currency)


def _paying(case: Case, step_minor: int) -> Callable[[int], int]:
    """Of a part of an exchanged order's price: how much of what was paid for it goes back."""
    order = case.order
    before = refunds.by_method_minor(order.id, booked_only=True)
    paid_minor, price_minor = order.asked.amount_minor, order.payment_minor
    return lambda part: part_of_paid(paid_minor, price_minor, before, part, step_minor)


def _step(case: Case) -> int:
    """What the provider can give back is a multiple of it, in the currency that it took."""
    return step_of(case.order.asked.currency, [case.payment.provider]) if case.payment else 1


def _on_step(case: Case, method_minor: int) -> int:
    """The most of `method_minor` that the provider can give back to the unit.

    Of an exchanged order: the least for which it gives back as much as it can.
    """
    step = _step(case)
    if case.order.exchange is None:
        return method_minor // step * step
    paid, exactly = _paying(case, step), _paying(case, 1)
    if paid(method_minor) >= exactly(method_minor):
        return method_minor
    return bisect_left(range(method_minor), paid(method_minor), key=paid)


def _check_top_up(case: Case, wish: Wish, back: Back, wished_minor: int) -> None:
    """Money in a wallet can only leave it: to the provider, and as far as it is still there."""
    if back.method_minor < wished_minor:
        raise FlowRefused("refund_amount")
    if wish.destination is Destination.WALLET or back.wallet_minor:
        raise FlowRefused("refund_way")
    if back.amount_minor > case.free_minor:
        raise FlowRefused("refund_spent", free_minor=case.free_minor)


def expiry_without(case: Case, ends_at: datetime | None) -> datetime | None:
    """Until when the line would be valid, were the order's term to end then. Raises FlowRefused."""
    if ends_at is None or case.line is None:
        return None
    if order_queries.lines_with_orders([case.line.id], unpaid=False):
        raise FlowRefused("order_under_way")
    try:
        return reversing.without(case.order.id, case.line.id, ends_at)[1]
    except reversing.LaterTerm as later:  # a term in the middle of a life cannot be taken out
        raise FlowRefused("refund_later_term", order_id=later.order_id) from None
