"""Reads and writes of disputes (docs/refunds.md). The caller of whatever writes holds the lock of
the order, which is that of its disputes as well."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Sum

from keepline.core.ids import derived_id, slot_of
from keepline.core.lifecycle.dispute import DISPUTE, DisputeEvent, DisputeState
from keepline.payments.models import Dispute, Payment


class DisputeMoved(Exception):
    """The dispute left the state the caller decided on."""


def dispute_id_of(payment_id: UUID, provider_dispute_id: str) -> UUID:
    """The id that the provider's dispute has with us."""
    return derived_id(payment_id, f"dispute:{provider_dispute_id}")


def by_id(dispute_id: UUID) -> Dispute | None:
    """The dispute, or None; it may be an id that is none of ours."""
    found: Dispute | None = Dispute.objects.find(dispute_id)
    return found


def of_order(order_id: UUID) -> list[Dispute]:
    """All disputes of an order's payment, the first first."""
    return list(Dispute.objects.of_order(order_id).order_by("opened_at", "id"))


def last_of_orders(order_ids: Collection[UUID]) -> dict[UUID, Dispute]:
    """By order, the dispute of its payment that came last. One query."""
    rows = Dispute.objects.among(order_ids, "order_id")
    return {row.order_id: row for row in rows.order_by("opened_at", "id")}


def latest(limit: int) -> list[Dispute]:
    """Open ones first, the nearest deadline first; then those decided last."""
    still = Dispute.objects.filter(state=DisputeState.OPEN)
    opened = list(still.order_by(F("evidence_until").asc(nulls_last=True), "opened_at")[:limit])
    decided = Dispute.objects.exclude(state=DisputeState.OPEN).order_by("-closed_at")
    return opened + list(decided[: limit - len(opened)])


def lost_minor(order_id: UUID) -> int:
    """What of an order was lost for good, in its currency."""
    return _sum(order_id, DisputeState.LOST)


def taken_minor(order_id: UUID) -> int:
    """The same with what may be lost yet."""
    return _sum(order_id, DisputeState.LOST, DisputeState.OPEN)


def _sum(order_id: UUID, *states: DisputeState) -> int:
    rows = Dispute.objects.filter(slot=slot_of(order_id), order_id=order_id, state__in=states)
    total: int | None = rows.aggregate(s=Sum("sale_minor"))["s"]
    return total or 0


def another_blocks(line_id: UUID, but_not: UUID) -> bool:
    """Whether another open dispute keeps the line blocked."""
    rows = Dispute.objects.filter(slot=slot_of(line_id), line_id=line_id, blocks_line=True)
    return bool(rows.filter(state=DisputeState.OPEN).exclude(id=but_not).exists())


def open_dispute(dispute_id: UUID, payment: Payment, **columns: Any) -> Dispute:
    """The bank has taken `booked_minor` of the payment back, for now."""
    dispute = Dispute(
        slot=slot_of(dispute_id),
        id=dispute_id,
        account_id=payment.account_id,
        order_id=payment.order_id,
        payment_id=payment.id,
        provider=payment.provider,
        **columns,
    )
    dispute.save(force_insert=True)
    _count(payment, dispute.booked_minor)
    return dispute


def win(dispute: Dispute, payment: Payment, now: datetime) -> None:
    """The money is back with us."""
    transition(dispute, DisputeEvent.WIN, closed_at=now)
    _count(payment, -dispute.booked_minor)


def transition(dispute: Dispute, event: DisputeEvent, **columns: Any) -> None:
    """Moves a dispute by `event`, compare and set, with the columns that change along."""
    target = DisputeState(DISPUTE.next(DisputeState(dispute.state), event))
    if not dispute.transition(target, **columns):
        raise DisputeMoved(dispute.id)


def note_evidence(dispute: Dispute, evidence: str) -> None:
    """The text that is about to be sent to the bank."""
    rows = Dispute.objects.filter(slot=dispute.slot, id=dispute.id)
    rows.update(evidence=evidence)


def note_answer(dispute: Dispute, actor: str, now: datetime) -> None:
    """The bank has its answer, by whom and since when."""
    rows = Dispute.objects.filter(slot=dispute.slot, id=dispute.id)
    rows.update(answered_by=actor, answered_at=now)


def ask_about(payment: Payment, due: bool) -> None:
    """Whether the provider is to be asked about disputes of the payment, and its refunds."""
    Payment.objects.filter(slot=payment.slot, id=payment.id).update(disputes_due=due)
    payment.disputes_due = due


def _count(payment: Payment, booked: int) -> None:
    """The table's CHECK is the last guard: never more than was captured."""
    rows = Payment.objects.filter(slot=payment.slot, id=payment.id)
    rows.update(disputed_minor=F("disputed_minor") + booked)
    payment.disputed_minor += booked
