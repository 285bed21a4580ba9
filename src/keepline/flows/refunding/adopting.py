"""Books what a provider gave back without us, inside the caller's transaction.

Staff act at the provider's own desk, too. What went back there is gone like any other refund: it
comes out of the sale, and cannot be given back here once more.
"""

from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.core.lifecycle.refund import RefundState
from keepline.core.refunds import Destination, Scope, Wish
from keepline.flows.errors import FlowRefused
from keepline.flows.refunding.answers import given_back
from keepline.flows.refunding.booking import carry_out
from keepline.flows.refunding.standing import (
    Case,
    Outlook,
    given_for_good,
    lock_case,
    outlook,
)
from keepline.gateways.payments.port import PaymentStatus
from keepline.payments import refunds

ACTION = "order.refund_adopted"
ACTOR = "provider"
REASON = "made at the provider's own desk"


def adopt_refund(order_id: UUID, status: PaymentStatus, now: datetime) -> None:
    """What the provider gave back more than we know of becomes a refund of ours.

    Does nothing while refunds are on their way (it may be one of those), and when the order has
    not so much left to give back the way it came: then it is for a person.
    """
    case = lock_case(order_id)
    payment = case.payment
    if payment is None or payment.refunding_minor or status.currency != case.order.currency:
        return
    if _is_behind(order_id, status):
        return
    amount_minor = status.refunded_minor - payment.refunded_minor
    what = _outlook(case, amount_minor, now) if amount_minor > 0 else None
    if what is None or (what.back.method_minor, what.back.wallet_minor) != (amount_minor, 0):
        return
    refund = refunds.request(
        refunds.refund_id_of(order_id, f"{ACTOR}:{len(refunds.of_order(order_id))}"),
        account_id=case.order.account_id,
        order_id=order_id,
        scope=Scope.PART if what.back.ends_at is None else Scope.WHOLE,
        destination=Destination.METHOD,
        amount_minor=amount_minor,
        method_minor=amount_minor,
        currency=case.order.currency,
        reason=REASON,
        asked_by=ACTOR,
        asked_at=now,
    )
    carry_out(case, refund, what.back.ends_at, ACTOR, now)
    given_back(case.order, payment, refund, now)
    audit.record(
        ACTION,
        actor=ACTOR,
        now=now,
        account_id=case.order.account_id,
        subject_id=refund.id,
        reason=REASON,
        facts={"order_id": str(order_id), "amount_minor": amount_minor},
    )


def _is_behind(order_id: UUID, status: PaymentStatus) -> bool:
    """Whether it counts a refund of ours as made that bounced and was booked since it was told."""
    made = {each.refund_id for each in status.refunds.values() if each.status == "refunded"}
    ours = refunds.of_order(order_id)
    return any(each.id in made and each.state != RefundState.REFUNDED for each in ours)


def _outlook(case: Case, amount_minor: int, now: datetime) -> Outlook | None:
    """All that was left: the service ends with it, unless later orders stand on it.

    What waits for a second person is left still: it may never be allowed.
    """
    try:
        if amount_minor == case.order.total_minor - given_for_good(case.order.id):
            return outlook(case, Wish(Scope.WHOLE, Destination.METHOD), now)
    except FlowRefused as refused:
        if refused.code != "refund_later_term":
            return None
    try:
        return outlook(case, Wish(Scope.PART, Destination.METHOD, amount_minor), now)
    except FlowRefused:
        return None
