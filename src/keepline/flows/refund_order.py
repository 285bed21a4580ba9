"""`order.refund_asked`: staff give money of a completed order back (docs/refunds.md).

T  refund_order.ask     booked and, for a provider's part, due to be sent (refund_payment);
                        or kept until a second person allows it (decide_refund)
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.audit import services as audit
from keepline.core.refunds import Wish
from keepline.flows.errors import FlowRefused
from keepline.flows.refunding.booking import carry_out
from keepline.flows.refunding.deciding import checked_reason
from keepline.flows.refunding.standing import Case, Outlook, lock_case, outlook, read_case
from keepline.flows.steps import transaction_step
from keepline.payments import refunds
from keepline.payments.models import Refund

ACTION = "order.refund_asked"


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What one person of staff asks for. `key`: one for each intent; `actor`: staff:ID.

    `expected_minor`: the amount that the preview showed; None when nobody saw one.
    """

    order_id: UUID
    wish: Wish
    reason: str
    key: str
    actor: str
    expected_minor: int | None = None


def preview(order_id: UUID, wish: Wish, now: datetime) -> Outlook:
    """What `ask` would do now. Raises FlowRefused."""
    case = read_case(order_id)
    return outlook(case, wish, clocks.now_for(case.order.account_id, now))


def ask(asked: RefundRequest, now: datetime) -> Refund:
    """Refunds, or asks a second person to allow it; a repeat of a key gives the same refund.

    Raises FlowRefused; then nothing has happened.
    """
    reason = checked_reason(asked.reason)
    refund_id = refunds.refund_id_of(asked.order_id, asked.key)
    with transaction_step("refund_order.ask"):
        case = lock_case(asked.order_id)
        seen = refunds.by_id(refund_id)
        if seen is not None:
            return _same(seen, asked)
        now = clocks.now_for(case.order.account_id, now)
        what = outlook(case, asked.wish, now)
        if asked.expected_minor not in (None, what.back.amount_minor):
            raise FlowRefused("refund_changed")
        refund = _request(refund_id, case, asked, what, now)
        if not what.needs_second:
            carry_out(case, refund, what.back.ends_at, asked.actor, now)
        audit.record(
            ACTION,
            actor=asked.actor,
            now=now,
            account_id=case.order.account_id,
            subject_id=refund.id,
            reason=reason,
            facts={"order_id": str(case.order.id), "amount_minor": refund.amount_minor},
        )
    return refund


def _same(seen: Refund, asked: RefundRequest) -> Refund:
    wish, amount = asked.wish, asked.wish.amount_minor
    same = (seen.scope, seen.destination, seen.asked_by) == (
        wish.scope,
        wish.destination,
        asked.actor,
    )
    if not same or (wish.scope == "part" and seen.amount_minor != amount):
        raise FlowRefused("key_reused")
    return seen


def _request(
    refund_id: UUID, case: Case, asked: RefundRequest, what: Outlook, now: datetime
) -> Refund:
    return refunds.request(
        refund_id,
        account_id=case.order.account_id,
        order_id=case.order.id,
        scope=asked.wish.scope,
        destination=asked.wish.destination,
        amount_minor=what.back.amount_minor,
        method_minor=what.back.method_minor,
        tax_minor=what.tax_minor,
        currency=case.order.currency,
        ends_service=what.back.ends_at is not None,
        needs_second=what.needs_second,
        reason=asked.reason.strip(),
        asked_by=asked.actor,
        asked_at=now,
    )
