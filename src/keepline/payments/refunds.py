"""Reads and writes of refunds (docs/refunds.md), and of what a payment has left to give back.

The caller of whatever writes holds the lock of the order, which is that of its refunds as well.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Sum

from keepline.core.ids import derived_id, slot_of
from keepline.core.lifecycle.refund import REFUND, RefundEvent, RefundState
from keepline.core.refunds import Destination
from keepline.payments.models import Payment, Refund
from keepline.payments.services import payment_id_of

UNDECIDED = (RefundState.REQUESTED, RefundState.REJECTED)


class RefundMoved(Exception):
    """The refund left the state the caller decided on."""


def refund_id_of(order_id: UUID, key: str) -> UUID:
    """The id of what staff ask for under a key: asked twice, it is one refund."""
    return derived_id(order_id, f"refund:{key}")


def own_refund_id(order_id: UUID) -> UUID:
    """The id of what goes back by itself when an order ends without service."""
    return derived_id(payment_id_of(order_id), "refund")


def by_id(refund_id: UUID) -> Refund | None:
    """The refund, or None; it may be an id that is none of ours."""
    found: Refund | None = Refund.objects.find(refund_id)
    return found


def among(refund_ids: Collection[UUID]) -> dict[UUID, Refund]:
    """Refunds by id, of any accounts. One query."""
    return {row.id: row for row in Refund.objects.among(refund_ids)}


def of_order(order_id: UUID) -> list[Refund]:
    """All refunds of an order, the first asked for first."""
    return list(Refund.objects.of_order(order_id).order_by("asked_at", "id"))


def sending(order_id: UUID) -> list[Refund]:
    """Those about which the provider is to be asked."""
    return _of_order_in(RefundState.SENDING, order_id)


def refunded(order_id: UUID) -> list[Refund]:
    """Those that the provider, or a payer's bank, has given back."""
    return _of_order_in(RefundState.REFUNDED, order_id)


def _of_order_in(state: RefundState, order_id: UUID) -> list[Refund]:
    rows = Refund.objects.of_order(order_id).filter(state=state)
    return list(rows.order_by("asked_at", "id"))


def requested(limit: int) -> list[Refund]:
    """Those that wait for a second person, of all accounts, the longest waiting first."""
    rows = Refund.objects.filter(state=RefundState.REQUESTED)
    return list(rows.order_by("asked_at", "id")[:limit])


def given_minor(order_id: UUID, booked_only: bool = False) -> int:
    """What of the order went back or is asked back; with `booked_only` without the undecided."""
    return _sum("amount_minor", order_id, booked_only)


def by_method_minor(order_id: UUID, booked_only: bool = False) -> int:
    """The same of what goes, or went, or was refused to go, back to the provider."""
    return _sum("method_minor", order_id, booked_only)


def _sum(column: str, order_id: UUID, booked_only: bool) -> int:
    rows = Refund.objects.of_order(order_id)
    left_out = UNDECIDED if booked_only else (RefundState.REJECTED,)
    total: int | None = rows.exclude(state__in=left_out).aggregate(s=Sum(column))["s"]
    return total or 0


def request(refund_id: UUID, **columns: Any) -> Refund:
    """What staff ask for; nothing has moved yet."""
    refund = Refund(slot=slot_of(refund_id), id=refund_id, **columns)
    refund.save(force_insert=True)
    return refund


def open_by_itself(payment: Payment, now: datetime) -> Refund:
    """All that a provider took for an order that ended without service, on its way back."""
    refund = request(
        own_refund_id(payment.order_id),
        account_id=payment.account_id,
        order_id=payment.order_id,
        destination=Destination.METHOD,
        amount_minor=payment.captured_minor,
        method_minor=payment.captured_minor,
        sent_minor=payment.captured_minor,
        sent_currency=payment.currency,
        currency=payment.currency,
        asked_by="worker",
        asked_at=now,
    )
    send(refund, payment, decided_by="worker", decided_at=now)
    return refund


def send(refund: Refund, payment: Payment, **columns: Any) -> None:
    """The provider is to be asked; what it gives back cannot be given back once more."""
    transition(refund, RefundEvent.SEND, **columns)
    _count(payment, refunding=refund.sent_minor)


def confirm(refund: Refund, payment: Payment, now: datetime) -> None:
    """The provider has given it back, but for what the payer's bank had taken of it."""
    transition(refund, RefundEvent.CONFIRM, ended_at=now)
    given = refund.by_provider_minor
    _count(payment, refunding=-given, refunded=given)


def keep(refund: Refund, payment: Payment, code: str, now: datetime) -> None:
    """The provider would not: it is in the wallet, but for what a bank had taken of it."""
    transition(refund, RefundEvent.PUT_IN_WALLET, ended_at=now, refusal_code=code[:40])
    _count(payment, refunding=-refund.by_provider_minor)


def bounce(refund: Refund, payment: Payment, code: str, now: datetime) -> None:
    """The provider had given it back and has it again: it is in the wallet."""
    transition(refund, RefundEvent.BOUNCE, ended_at=now, refusal_code=code[:40])
    _count(payment, refunding=0, refunded=-refund.by_provider_minor)


def leave_to_bank(payment: Payment, at_most_minor: int, but_not: Collection[UUID]) -> int:
    """The payer's bank takes of what is on its way back, the oldest first; returns how much.

    `but_not`: refunds that the provider has made or is making; nothing of those is left to take.
    """
    free = [each for each in sending(payment.order_id) if each.id not in but_not]
    left_minor = at_most_minor
    for refund in free:
        left_minor -= _move_to_bank(refund, payment, min(refund.by_provider_minor, left_minor))
    return at_most_minor - left_minor


def take_from_bank(payment: Payment, amount_minor: int) -> None:
    """The bank has left it with us: it is on its way back again, the youngest first."""
    for refund in reversed(sending(payment.order_id)):
        amount_minor += _move_to_bank(refund, payment, -min(refund.by_bank_minor, amount_minor))
    assert amount_minor == 0, "what a bank took stays with refunds that wait"


def _move_to_bank(refund: Refund, payment: Payment, amount_minor: int) -> int:
    refund.by_bank_minor += amount_minor
    rows = Refund.objects.filter(slot=refund.slot, id=refund.id)
    rows.update(by_bank_minor=refund.by_bank_minor)
    _count(payment, refunding=-amount_minor)
    return amount_minor


def transition(refund: Refund, event: RefundEvent, **columns: Any) -> None:
    """Moves a refund by `event`, compare and set, with the columns that change along."""
    target = RefundState(REFUND.next(RefundState(refund.state), event))
    if not refund.transition(target, **columns):
        raise RefundMoved(refund.id)


def _count(payment: Payment, refunding: int, refunded: int = 0) -> None:
    """The table's CHECK is the last guard: never more than was captured."""
    Payment.objects.filter(slot=payment.slot, id=payment.id).update(
        refunding_minor=F("refunding_minor") + refunding,
        refunded_minor=F("refunded_minor") + refunded,
    )
    payment.refunding_minor += refunding
    payment.refunded_minor += refunded


def left_at_provider(payment: Payment) -> int:
    """What it took and has not been asked to give back, in the currency that it took."""
    gone = payment.refunded_minor + payment.refunding_minor + payment.disputed_minor
    return payment.captured_minor - gone
