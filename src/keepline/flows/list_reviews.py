"""Lists paid orders at which a person has to look, with what there is to judge them by."""

from collections.abc import Sequence
from dataclasses import dataclass

from keepline.accounts import queries as accounts
from keepline.accounts.models import Account
from keepline.lines import queries as lines
from keepline.orders import queries as orders
from keepline.orders.models import Order
from keepline.payments import queries as payments
from keepline.payments.models import Payment
from keepline.payments.queries import PaymentHistory

SHOWN = 50


@dataclass(frozen=True, slots=True)
class WaitingPayment:
    """An order in review. `e164`: of its line; None for a top-up, or a line without a number.

    `age_days`: of its account when it ordered, in whole days; `history` counts this payment in.
    """

    order: Order
    payment: Payment
    account: Account
    age_days: int
    e164: int | None
    history: PaymentHistory


def list_reviews() -> Sequence[WaitingPayment]:
    """The soonest to be given back first. As many queries for fifty as for one."""
    waiting = orders.in_review(SHOWN)
    if not waiting:
        return []
    paid = payments.of_orders([order.id for order in waiting])
    account_ids = {order.account_id for order in waiting}
    owners = accounts.accounts_among(account_ids)
    histories = payments.histories(account_ids)
    line_ids = [order.line_id for order in waiting if order.line_id]
    numbers = lines.numbers_among(line_ids) if line_ids else {}
    return [
        WaitingPayment(
            order=order,
            payment=paid[order.id],
            account=owners[order.account_id],
            age_days=(order.accepted_at - owners[order.account_id].opened_at).days,
            e164=numbers.get(order.line_id) if order.line_id else None,
            history=histories[order.account_id],
        )
        for order in waiting
    ]
