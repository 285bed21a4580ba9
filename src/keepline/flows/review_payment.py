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
from keepline.core.lifecycle.order import OrderEvent, OrderState
from keepline.flows import wake
from keepline.flows.errors import FlowRefused
from keepline.flows.refunding.deciding import checked_reason, record_decision
from keepline.flows.refunding.standing import Case, lock_case
from keepline.flows.sale import give_back
from keepline.flows.settle_payment import serve
from keepline.flows.steps import transaction_step
from keepline.orders.models import Order

ACTION = "payment.reviewed"


def approve(order_id: UUID, reason: str, actor: str, now: datetime) -> OrderState:
    """The order goes on; what became of its line meanwhile counts, as at any capture.

    `reason` may be empty. Raises FlowRefused; then nothing has happened.
    """
    reason = checked_reason(reason, needed=False)
    with transaction_step("review_payment.approve"):
        case = _lock(order_id)
        order, now = case.order, clocks.now_for(case.order.account_id, now)
        assert case.payment is not None, "a provider took the money that is looked at"
        serve(order, case.line, case.payment, now)
        _record(order, reason, actor, now)
    _wake()
    return OrderState(order.state)


def refuse(order_id: UUID, reason: str, actor: str, now: datetime) -> OrderState:
    """The order ends without service. Raises FlowRefused; then nothing has happened."""
    reason = checked_reason(reason)
    with transaction_step("review_payment.refuse"):
        case = _lock(order_id)
        order, now = case.order, clocks.now_for(case.order.account_id, now)
        give_back(order, case.payment, OrderEvent.REJECT, "review_refused", now)
        _record(order, reason, actor, now)
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


def _lock(order_id: UUID) -> Case:
    """Line, wallet, order and payment, of an order that waits still. Raises FlowRefused."""
    case = lock_case(order_id)
    if case.order.state != OrderState.PENDING:
        raise FlowRefused("review_decided")
    return case


def _record(order: Order, reason: str, actor: str, now: datetime) -> None:
    facts = {"led_to": order.state, "payment_minor": order.payment_minor}
    record_decision(ACTION, order, reason, actor, now, **facts)


def _wake() -> None:
    wake.orders()
    wake.outbox()
