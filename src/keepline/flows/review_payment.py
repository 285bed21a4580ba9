"""`payment.reviewed`: a person decides about a first large payment (docs/fraud-limits.md).

    T  review_payment.approve    extended, sent to the network, or into the wallet, as though
                                 nobody had looked
    T  review_payment.refuse     all of it goes back the way it came
    T  review_payment.give_up    nobody decided in time: the same

Who is first decides; it is the order's lock that says who that was.
"""

from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.audit import services as audit
from keepline.core.lifecycle.order import OrderEvent, OrderState
from keepline.flows import wake
from keepline.flows.errors import FlowRefused
from keepline.flows.refunding.standing import Case, lock_case
from keepline.flows.sale import give_back
from keepline.flows.settle_payment import serve
from keepline.flows.steps import transaction_step

ACTION = "payment.reviewed"
LONGEST_REASON = 200


def approve(order_id: UUID, reason: str, actor: str, now: datetime) -> OrderState:
    """The order goes on; what became of its line meanwhile counts, as at any capture.

    `reason` may be empty. Raises FlowRefused; then nothing has happened.
    """
    reason = _checked(reason, needed=False)
    with transaction_step("review_payment.approve"):
        case = _lock(order_id)
        order, now = case.order, clocks.now_for(case.order.account_id, now)
        assert case.payment is not None, "a provider took the money that is looked at"
        serve(order, case.line, case.payment, now)
        _record(case, reason, actor, now)
    _wake()
    return OrderState(order.state)


def refuse(order_id: UUID, reason: str, actor: str, now: datetime) -> OrderState:
    """The order ends without service. Raises FlowRefused; then nothing has happened."""
    reason = _checked(reason, needed=True)
    with transaction_step("review_payment.refuse"):
        case = _lock(order_id)
        order, now = case.order, clocks.now_for(case.order.account_id, now)
        give_back(order, case.payment, OrderEvent.REJECT, "review_refused", now)
        _record(case, reason, actor, now)
    _wake()
    return OrderState(order.state)


def give_up(order_id: UUID, now: datetime) -> OrderState:
    """For workers, when nobody has decided in time. Nothing, if somebody just has."""
    with transaction_step("review_payment.give_up"):
        case = lock_case(order_id)
        if case.order.state == OrderState.PENDING and case.order.promised_until <= now:
            give_back(case.order, case.payment, OrderEvent.REJECT, "review_lapsed", now)
    _wake()
    return OrderState(case.order.state)


def _checked(reason: str, needed: bool) -> str:
    reason = reason.strip()
    if len(reason) > LONGEST_REASON or (needed and not reason):
        raise FlowRefused("reason_missing")
    return reason


def _lock(order_id: UUID) -> Case:
    """Line, wallet, order and payment, of an order that waits still. Raises FlowRefused."""
    case = lock_case(order_id)
    if case.order.state != OrderState.PENDING:
        raise FlowRefused("review_decided")
    return case


def _record(case: Case, reason: str, actor: str, now: datetime) -> None:
    order = case.order
    audit.record(
        ACTION,
        actor=actor,
        now=now,
        account_id=order.account_id,
        subject_id=order.id,
        reason=reason,
        facts={"led_to": order.state, "payment_minor": order.payment_minor},
    )


def _wake() -> None:
    wake.orders()
    wake.outbox()
