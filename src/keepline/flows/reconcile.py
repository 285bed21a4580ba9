"""`provider.reconciled`: our books beside the provider's, payment by payment.

    N  reconcile.list      the provider's books of a span
    N  reconcile.ask       single payments: at the edge of the span, doubted, or settled just now;
                           and our refunds, where a provider does not tell of them with the payment
    (settle_payment, refund_payment: what happened there and is not booked here is booked now)
    T  reconcile.record    what was compared, what was settled, what is left for a person

What settling cannot mend is named and left: the one book tells of money that the other denies,
and no program should choose which of them is right. docs/reconciliation.md
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.core.reconciliation import (
    DOUBTED,
    SETTLED_BY_ASKING,
    BookedPayment,
    Kind,
    compare,
    totals,
)
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_disputes import follow_disputes
from keepline.flows.reconciling.record import Reconciliation, record
from keepline.flows.refund_payment import refund
from keepline.flows.refunding.asking import request_of
from keepline.flows.settle_payment import settle
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import PaymentProvider, PaymentStatus
from keepline.orders import queries as order_queries
from keepline.payments import queries as payments
from keepline.payments import refunds
from keepline.payments.models import Refund

ACTION = "provider.reconciled"
FOLLOWED = SETTLED_BY_ASKING - {Kind.NOT_BOOKED}  # follow_disputes looks


def reconcile(
    provider: str,
    from_at: datetime,
    until_at: datetime,
    actor: str,
    now: datetime,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Reconciliation:
    """Compares, settles and records. `progress(done, of)` counts payments that were settled.

    Raises FlowRefused for a provider that is not connected or a span that ends before it begins,
    and gateways' ProviderUnknown when the provider gives no answer: nothing is recorded then.
    """
    if provider not in switchboard.providers():
        raise FlowRefused("provider_unknown")
    if until_at <= from_at:
        raise FlowRefused("span_refused")
    adapter = switchboard.payments(provider)
    theirs = _theirs(adapter, from_at, until_at)
    ours = _both(adapter, provider, from_at, until_at, theirs)
    for one in compare(ours, theirs):
        if one.kind in DOUBTED:
            _ask(adapter, ours[one.payment_id], theirs)
    differences = compare(ours, theirs)
    settleable = [one for one in differences if one.kind in SETTLED_BY_ASKING]
    for done, one in enumerate(settleable, 1):
        if one.order_id is not None:
            at = clocks.now_for(order_queries.by_id(one.order_id).account_id, now)
            settle(one.order_id, at)
            if one.kind in FOLLOWED:
                follow_disputes(one.order_id, at, told=True)
            refund(one.order_id, at)
            _ask(adapter, ours[one.payment_id], theirs)  # settling may have given it back
        progress(done, len(settleable))
    if settleable:
        ours = _both(adapter, provider, from_at, until_at, theirs)
    left = compare(ours, theirs)
    still = {one.payment_id for one in left}
    result = Reconciliation(
        provider=provider,
        from_at=from_at,
        until_at=until_at,
        compared=len(theirs),
        settled=[one for one in settleable if one.payment_id not in still],
        left=left,
        totals=totals(ours.values(), theirs.values()),
    )
    with transaction_step("reconcile.record"):
        record(result, actor, now)
    return result


def _theirs(
    adapter: PaymentProvider, from_at: datetime, until_at: datetime
) -> dict[UUID, PaymentStatus]:
    with network_step("reconcile.list"):
        return {row.payment_id: row.status for row in adapter.list_payments(from_at, until_at)}


def _both(
    adapter: PaymentProvider,
    provider: str,
    from_at: datetime,
    until_at: datetime,
    theirs: dict[UUID, PaymentStatus],
) -> dict[UUID, BookedPayment]:
    """Ours, and into `theirs` what the list lacks: an opening at the edge of the span."""
    ours = payments.booked(provider, from_at, until_at, list(theirs))
    for payment_id in ours.keys() - theirs.keys():
        _ask(adapter, ours[payment_id], theirs)
    return ours


def _ask(adapter: PaymentProvider, mine: BookedPayment, theirs: dict[UUID, PaymentStatus]) -> None:
    """Puts what the provider says of the payment itself into `theirs`.

    Money that was listed has moved; a provider that shows an old payment no more does not deny it.
    """
    listed = theirs.get(mine.payment_id)
    sent = [] if adapter.tells_refunds else refunds.refunded(mine.order_id)
    with network_step("reconcile.ask"):
        status = adapter.ask(mine.payment_id, mine.provider_payment_id)
        if not adapter.tells_refunds:
            status = _with_refunds(adapter, mine, status, listed, sent)
    if listed and listed.status == "captured" and status.status != "captured":
        return
    theirs[mine.payment_id] = status


def _with_refunds(
    adapter: PaymentProvider,
    mine: BookedPayment,
    status: PaymentStatus,
    listed: PaymentStatus | None,
    sent: Sequence[Refund],
) -> PaymentStatus:
    """With what the list knew, and with what we believe given back: each is asked about."""
    told = {**(listed.refunds if listed else {}), **status.refunds}
    if status.refunded_minor < status.captured_minor:
        for refund in sent:
            if refund.id not in told and refund.by_provider_minor:
                found = adapter.ask_refund(request_of(refund, mine.provider_payment_id))
                told |= {found.refund_id: found} if found else {}
    back = sum(each.amount_minor for each in told.values() if each.status == "refunded")
    known = max(status.refunded_minor, listed.refunded_minor if listed else 0)
    return replace(status, refunds=told, refunded_minor=max(known, back))
