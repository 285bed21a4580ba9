"""Writes down what a comparison of our books with a provider's came to, for people to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from keepline.audit import services as audit
from keepline.core.reconciliation import BookedPayment, Difference, Kind, Totals, compare, totals
from keepline.gateways.payments.port import PaymentStatus
from keepline.payments.models import Payment

RECORDED_AS = "provider.reconciled"
KEPT = 200  # differences that a record lists; more than that is one difference: the span
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One comparison of [from_at, until_at). `totals` by currency, captured less what is gone.

    A single payment, looked at because a webhook spoke of it, has its opening for both ends.
    """

    provider: str
    from_at: datetime
    until_at: datetime
    compared: int
    settled: Sequence[Difference]
    left: Sequence[Difference]
    totals: Mapping[str, Totals]


def record(result: Reconciliation, actor: str, now: datetime) -> None:
    """Into the audit trail, and what is left into the log. In the caller's transaction."""
    audit.record(RECORDED_AS, actor=actor, now=now, facts=_facts(result))
    for one in result.left:
        log.error(
            "books_differ", provider=result.provider, kind=one.kind, payment=str(one.payment_id)
        )


def name_refund_not_booked(payment: Payment, status: PaymentStatus, now: datetime) -> None:
    """Puts before a person what was given back at the provider's own desk.

    Only that: what a provider does not tell of a single payment, its list may (Alipay).
    """
    if payment.refunding_minor:  # its own answer may be what the provider has more
        return
    ours = BookedPayment(
        payment_id=payment.id,
        order_id=payment.order_id,
        provider_payment_id=payment.provider_payment_id,
        currency=payment.currency,
        captured_minor=payment.captured_minor,
        refunded_minor=payment.refunded_minor,
        disputed_minor=payment.disputed_minor,
    )
    left = [
        one
        for one in compare({payment.id: ours}, {payment.id: status})
        if one.kind is Kind.REFUND_NOT_BOOKED
    ]
    if left:
        both = totals([ours], [status])
        at = payment.opened_at
        record(Reconciliation(payment.provider, at, at, 1, [], left, both), "worker", now)


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
