"""Reads of payments."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Min

from keepline.core.ids import slot_of, slots_of
from keepline.core.lifecycle.payment import PaymentState
from keepline.core.reconciliation import BookedPayment
from keepline.core.velocity import Past, Standing
from keepline.orders import queries as orders
from keepline.payments.models import Payment
from keepline.slots.sql import fetch_all


def of_order(order_id: UUID) -> Payment | None:
    """The order's payment, for flows that know whose it is; None when the wallet pays alone."""
    payment: Payment | None = Payment.objects.of_order(order_id).first()
    return payment


def by_id(payment_id: UUID) -> Payment | None:
    """The payment a webhook speaks of, or None; it may name an id that is none of ours."""
    payment: Payment | None = Payment.objects.find(payment_id)
    return payment


# By id for what the provider named, by the span for what it did not; the span's index is a BRIN,
# since payments lie on the disk as they were opened.
BOOKED = """
SELECT id AS payment_id, order_id, provider_payment_id, currency, captured_minor, refunded_minor,
       disputed_minor
FROM payments_payment
WHERE provider = %(provider)s AND slot = ANY(%(slots)s) AND id = ANY(%(named)s)
UNION
SELECT id, order_id, provider_payment_id, currency, captured_minor, refunded_minor, disputed_minor
FROM payments_payment
WHERE provider = %(provider)s AND opened_at >= %(from_at)s AND opened_at < %(until_at)s
  AND captured_minor > 0
"""


def booked(
    provider: str, from_at: datetime, until_at: datetime, named: Collection[UUID]
) -> dict[UUID, BookedPayment]:
    """Payments as the books have them, by id: those `named`, and all of the span with money."""
    ours = [payment_id for payment_id in named if _slot(payment_id) is not None]
    params = {
        "provider": provider,
        "slots": slots_of(ours),
        "named": ours,
        "from_at": from_at,
        "until_at": until_at,
    }
    return {row.payment_id: BookedPayment(*row) for row in fetch_all(BOOKED, params)}


# A provider that refused to open a checkout declined nobody. A checkout that stays open after a
# declined card, as Stripe's does, ends expired, with the code of the last refusal.
WAS_DECLINED = """
(state = 'declined' AND (checkout_url <> '' OR method_id IS NOT NULL)
 OR state = 'expired' AND decline_code <> '')
"""
# What was not taken from the holder's money, or went back to it, is no sum. To give a card away is
# to try it: it counts as an attempt.
PAST_OF = f"""
SELECT opened_at, provider, currency,
       greatest(amount_minor, captured_minor) - refunded_minor - refunding_minor AS minor, state,
       {WAS_DECLINED} AS was_declined,
       CASE WHEN method_id IS NOT NULL THEN order_id END AS charged_for
FROM payments_payment
WHERE slot = %(slot)s AND account_id = %(account_id)s AND opened_at > %(from_at)s
UNION ALL
SELECT begun_at, provider, '', 0, 'expired', false, NULL FROM payments_savedmethod
WHERE slot = %(slot)s AND account_id = %(account_id)s AND begun_at > %(from_at)s
"""  # noqa: S608 - our own words
STANDINGS = {
    PaymentState.CREATED: Standing.OPEN,
    PaymentState.PENDING: Standing.OPEN,
    PaymentState.UNKNOWN: Standing.OPEN,
    PaymentState.CAPTURED: Standing.PAID,
    PaymentState.DECLINED: Standing.ENDED,
    PaymentState.EXPIRED: Standing.ENDED,
}


def past_of(account_id: UUID, from_at: datetime) -> list[Past]:
    """The account's payments asked for after `from_at`, as the limits against fraud see them."""
    params = {"slot": slot_of(account_id), "account_id": account_id, "from_at": from_at}
    rows = fetch_all(PAST_OF, params)
    by_clock = orders.by_clock_among({row.charged_for for row in rows} - {None})
    return [
        Past(
            row.opened_at,
            row.provider,
            row.currency,
            row.minor,
            _standing(row),
            by_clock=row.charged_for in by_clock,
        )
        for row in rows
    ]


def known_since(account_id: UUID, but: UUID) -> datetime | None:
    """When the first payment of the account was captured of which nothing went back or is disputed.

    `but`: the payment that is asked about; it does not vouch for itself.
    """
    rows = Payment.objects.filter(
        slot=slot_of(account_id),
        account_id=account_id,
        state=PaymentState.CAPTURED,
        refunded_minor=0,
        refunding_minor=0,
        disputed_minor=0,
    )
    found: datetime | None = rows.exclude(id=but).aggregate(first=Min("captured_at"))["first"]
    return found


def of_orders(order_ids: Collection[UUID]) -> dict[UUID, Payment]:
    """By order, its payment, of whatever accounts."""
    return {row.order_id: row for row in Payment.objects.among(order_ids, "order_id")}


HISTORIES = f"""
SELECT account_id, count(*) AS asked, count(*) FILTER (WHERE state = 'captured') AS paid,
       count(*) FILTER (WHERE {WAS_DECLINED}) AS declined,
       count(*) FILTER (WHERE refunded_minor + refunding_minor > 0) AS given_back
FROM payments_payment
WHERE slot = ANY(%(slots)s) AND account_id = ANY(%(accounts)s)
GROUP BY account_id
"""  # noqa: S608 - our own words


class PaymentHistory(NamedTuple):
    """How many payments an account was ever asked for, and what became of them."""

    asked: int
    paid: int
    declined: int
    given_back: int


def histories(account_ids: Collection[UUID]) -> dict[UUID, PaymentHistory]:
    """By account. One query."""
    params = {
        "slots": slots_of(account_ids),
        "accounts": list(account_ids),
    }
    return {
        row.account_id: PaymentHistory(row.asked, row.paid, row.declined, row.given_back)
        for row in fetch_all(HISTORIES, params)
    }


def _standing(row: Any) -> Standing:
    return Standing.DECLINED if row.was_declined else STANDINGS[PaymentState(row.state)]


def _slot(payment_id: UUID) -> int | None:
    try:
        return slot_of(payment_id)
    except ValueError:
        return None
