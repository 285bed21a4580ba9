"""Carries a refund out that nobody has to allow any more, inside the caller's transaction.

The caller holds the locks of line, wallet, order and payment (standing.lock_case).
"""

from datetime import datetime

from keepline.core import postings
from keepline.core.lifecycle.refund import RefundEvent
from keepline.core.refunds import tax_in
from keepline.core.revenue import Sold, days_of, take_back
from keepline.flows import wake
from keepline.flows.line_at_network import let_network_follow
from keepline.flows.refunding.standing import Case, given_for_good, sent_of
from keepline.flows.sale import sale_of
from keepline.gateways import switchboard
from keepline.ledger import revenue
from keepline.ledger import services as ledger
from keepline.ledger.revenue import Change
from keepline.lines import queries as lines
from keepline.lines import reversing
from keepline.messages import services as outbox
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import refunds
from keepline.payments.models import Refund


def carry_out(
    case: Case, refund: Refund, ends_at: datetime | None, actor: str, now: datetime
) -> None:
    """Books it, takes the service back, and has the provider asked or the holder told."""
    order, sale = case.order, sale_of(case.order)
    drafts: list[postings.TransferDraft] = []
    tax_minor = 0
    if not case.is_top_up:
        back = returned(order, refund.amount_minor, ends=ends_at is not None)
        drafts, tax_minor = postings.return_sale(sale, refund.id, back), back.tax_minor
    if ends_at is not None and case.line is not None:
        reversing.take_back(case.line, order.id, refund.id, ends_at, actor, now)
        if order.delivery != "network":  # else it is put back after the order, in _go_on
            let_network_follow([case.line.id], now)
    sent = sent_of(case, refund.method_minor)
    if order.exchange is None:
        drafts += postings.begin_refund(sale, refund.id, refund.method_minor)
    elif refund.method_minor:
        drafts += postings.begin_exchanged_refund(sale, refund.id, refund.method_minor, sent)
    ledger.book(order.slot, drafts, now)
    columns = {
        "decided_by": actor,
        "decided_at": now,
        "tax_minor": tax_minor,
        "sent_minor": sent.amount_minor,
        "sent_currency": sent.currency if refund.method_minor else "",
        "ends_service": ends_at is not None,
    }
    if refund.method_minor:
        assert case.payment is not None, "a provider took it"
        refunds.send(refund, case.payment, **columns)
    else:
        refunds.transition(refund, RefundEvent.PUT_IN_WALLET, ended_at=now, **columns)
        outbox.put(
            "order.refunded_to_wallet", order.account_id, order.line_id, order.id, now, refund.id
        )
    _go_on(order, refund, ends_at is not None, now)


def _go_on(order: Order, refund: Refund, service_ended: bool, now: datetime) -> None:
    """The provider, and the network that was told of the order, are asked by whoever works next."""
    undo = service_ended and order.delivery == "network" and switchboard.has("network")
    if undo:
        orders.look_again(order, now, attempts=0, undo_due=True)
    elif refund.method_minor:
        orders.look_again(order, now, attempts=0)
    wake.orders()
    wake.outbox()


def returned(order: Order, amount_minor: int, ends: bool) -> postings.Returned:
    """Where `amount_minor` of a sale stands, and what becomes of the rest (docs/refunds.md).

    Takes the lock of the books of revenue, and changes what is still to be earned.
    """
    given = given_for_good(order.id)
    tax = tax_in(order.total_minor, order.tax_minor, given, amount_minor)
    net = amount_minor - tax
    if reversing.was_taken_back(order.id):  # the end of its term left nothing to be earned
        return postings.Returned(0, net, tax, 0)
    net_given = given - tax_in(order.total_minor, order.tax_minor, 0, given)
    start, end = lines.periods_of([order.id])[order.id]
    sold = Sold(
        net_minor=order.total_minor - order.tax_minor - net_given,
        period_start=start,
        period_end=end,
        entered_on=order.earned_from_on or days_of(start, end)[0],
    )
    last_booked = revenue.lock_last_booked(sold.entered_on)
    came = take_back(sold, net, last_booked, ends)
    plan_id = order.plan_id or 0
    revenue.enter(
        [
            Change(order.slot, plan_id, order.currency, day, delta_minor)
            for day, delta_minor in came.changes.items()
        ]
    )
    return postings.Returned(came.deferred_minor, came.revenue_minor, tax, came.earned_minor)
