"""Reads what the last comparisons with providers came to, for the staff's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from keepline.audit import queries as audit
from keepline.audit.models import AuditEvent
from keepline.core.reconciliation import Difference, Kind, Totals
from keepline.flows import reconcile
from keepline.gateways import switchboard

SHOWN = 30
STALE_AFTER = timedelta(hours=36)  # every night, and one night may find the provider silent


@dataclass(frozen=True, slots=True)
class PastReconciliation:
    """One comparison; instants UTC."""

    provider: str
    at: datetime
    from_at: datetime
    until_at: datetime
    actor: str
    compared: int
    settled: int
    left: int
    totals: dict[str, Totals]
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class ReconciliationsView:
    """Newest first; `unseen`: providers that were not compared lately."""

    past: Sequence[PastReconciliation]
    unseen: Sequence[str]


def show_reconciliations(now: datetime) -> ReconciliationsView:
    """The last comparisons. One query."""
    past = [_read(event) for event in audit.latest(reconcile.ACTION, SHOWN)]
    spans = [one for one in past if one.until_at > one.from_at]  # the others are single payments
    fresh = {one.provider for one in spans if one.at > now - STALE_AFTER}
    unseen = [name for name in switchboard.providers() if name not in fresh]
    return ReconciliationsView(past, unseen)


def _read(event: AuditEvent) -> PastReconciliation:
    facts = event.facts
    return PastReconciliation(
        provider=facts["provider"],
        at=event.occurred_at,
        from_at=datetime.fromisoformat(facts["from"]),
        until_at=datetime.fromisoformat(facts["until"]),
        actor=event.actor,
        compared=facts["compared"],
        settled=facts["settled"],
        left=facts["left"],
        totals={code: Totals(**both) for code, both in facts["totals"].items()},
        differences=[
            Difference(
                kind=Kind(one["kind"]),
                payment_id=UUID(one["payment_id"]),
                order_id=UUID(one["order_id"]) if one["order_id"] else None,
                currency=one["currency"],
                ours_minor=one["ours_minor"],
                theirs_minor=one["theirs_minor"],
                theirs_currency=one["theirs_currency"],
            )
            for one in facts["differences"]
        ],
    )
