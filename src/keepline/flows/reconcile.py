"""`provider.reconciled`: our books beside the provider's, payment by payment.

    N  reconcile.list      the provider's books of a span
    N  reconcile.ask       single payments: at the edge of the span, or settled just now
    (settle_payment, refund_payment: what happened there and is not booked here is booked now)
    T  reconcile.record    what was compared, what was settled, what is left for a person

What settling cannot mend is named and left: the one book tells of money that the other denies,
and no program should choose which of them is right. docs/reconciliation.md
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from keepline.audit import services as audit
from keepline.core.reconciliation import (
    SETTLED_BY_ASKING,
    BookedPayment,
    Difference,
    Kind,
    Totals,
    compare,
    totals,
)
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_disputes import follow_disputes
from keepline.flows.refund_payment import refund
from keepline.flows.settle_payment import settle
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import PaymentProvider, PaymentStatus
from keepline.payments import queries as payments

ACTION = "provider.reconciled"
KEPT = 200  # differences that a record lists; more than that is one difference: the span
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One comparison of [from_at, until_at). `totals` by currency, captured less what is gone."""

    provider: str
    from_at: datetime
    until_at: datetime
    compared: int
    settled: Sequence[Difference]
    left: Sequence[Difference]
    totals: Mapping[str, Totals]


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
    differences = compare(ours, theirs)
    settleable = [one for one in differences if one.kind in SETTLED_BY_ASKING]
    for done, one in enumerate(settleable, 1):
        if one.order_id is not None:
            settle(one.order_id, now)
            if one.kind is Kind.DISPUTE_DIFFERS:
                follow_disputes(one.order_id, now, told=True)
            refund(one.order_id, now)
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
        audit.record(ACTION, actor=actor, now=now, facts=_facts(result))
    for one in left:
        log.error("books_differ", provider=provider, kind=one.kind, payment=str(one.payment_id))
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
    with network_step("reconcile.ask"):
        theirs[mine.payment_id] = adapter.ask(mine.payment_id, mine.provider_payment_id)


def _facts(result: Reconciliation) -> dict[str, Any]:
    return {
        "provider": result.provider,
        "from": result.from_at.isoformat(),
        "until": result.until_at.isoformat(),
        "compared": result.compared,
        "settled": len(result.settled),
        "left": len(result.left),
        "totals": {
            currency: {"ours_minor": both.ours_minor, "theirs_minor": both.theirs_minor}
            for currency, both in result.totals.items()
        },
        "differences": [_as_facts(one) for one in result.left[:KEPT]],
    }


def _as_facts(one: Difference) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "payment_id": str(one.payment_id),
        "order_id": str(one.order_id) if one.order_id else None,
        "currency": one.currency,
        "ours_minor": one.ours_minor,
        "theirs_minor": one.theirs_minor,
        "theirs_currency": one.theirs_currency,
    }
