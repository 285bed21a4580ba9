"""Books what became of a refund that was sent, inside the caller's transaction.

The caller holds the locks of the wallet in the payment's currency, of order and payment.
"""

from datetime import datetime

from keepline.core import refund_postings
from keepline.flows.sale import money_of
from keepline.ledger import services as ledger
from keepline.messages import services as outbox
from keepline.orders.models import Order
from keepline.payments import refunds
from keepline.payments.models import Payment, Refund


def given_back(order: Order, payment: Payment, refund: Refund, now: datetime) -> None:
    """It is with the payer. What a bank took of it was booked by its dispute, which told of it."""
    by_provider_minor = refund.by_provider_minor
    drafts = refund_postings.end_refund(
        money_of(order, payment), refund.id, payment.provider, by_provider_minor
    )
    refunds.confirm(refund, payment, now)
    ledger.book(order.slot, drafts, now)
    if by_provider_minor:
        _tell("order.refunded", order, refund, now)


def kept(order: Order, payment: Payment, refund: Refund, code: str, now: datetime) -> None:
    """The provider will not: it is the holder's, in the wallet."""
    drafts = refund_postings.refund_into_wallet(
        money_of(order, payment), refund.id, refund.by_provider_minor
    )
    refunds.keep(refund, payment, code, now)
    ledger.book(order.slot, drafts, now)
    _tell("order.refunded_to_wallet", order, refund, now)


def bounced(order: Order, payment: Payment, refund: Refund, code: str, now: datetime) -> None:
    """Nobody took it, and the provider has it again: it is the holder's, in the wallet."""
    drafts = refund_postings.bounce_refund(
        money_of(order, payment), refund.id, payment.provider, refund.by_provider_minor
    )
    refunds.bounce(refund, payment, code, now)
    ledger.book(order.slot, drafts, now)
    _tell("order.refunded_to_wallet", order, refund, now)


def _tell(kind: str, order: Order, refund: Refund, now: datetime) -> None:
    outbox.put(kind, order.account_id, order.line_id, order.id, now, refund.id)
