"""How much of an order goes back, which way, and what of its service goes with it.

docs/refunds.md has the rules in prose. Amounts are minor units of the order's currency, tax
included; whatever does not divide evenly is rounded down, so that several refunds together never
give back more than was paid.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from keepline.core.revenue import days_of

__all__ = [
    "Back",
    "Destination",
    "RefundRefused",
    "Refundable",
    "Scope",
    "Wish",
    "decide",
    "ending",
    "tax_in",
]


class Scope(StrEnum):
    """How much is asked for."""

    WHOLE = "whole"  # all that is left; the service ends
    PRO_RATA = "pro_rata"  # for the days that are left; the service ends
    PART = "part"  # an amount, out of goodwill; the service stays


class Destination(StrEnum):
    """Where it shall go."""

    METHOD = "method"  # the provider's part first, the rest into the wallet
    WALLET = "wallet"


class RefundRefused(ValueError):
    """It cannot be; `code` is one of flows.errors."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Refundable:
    """What an order took, what of it was given back or is asked back, and what it still gives.

    `method_left_minor`: what the provider took and neither gave back nor lost in a dispute.
    `period`: what was bought of the line's life; None for an order that bought none, or whose
    service was taken back before.
    """

    total_minor: int
    given_minor: int
    method_left_minor: int
    period: tuple[datetime, datetime] | None

    @property
    def left_minor(self) -> int:
        """The most that can go back."""
        return self.total_minor - self.given_minor


@dataclass(frozen=True, slots=True)
class Wish:
    """What staff want. `amount_minor` counts with PART alone."""

    scope: Scope
    destination: Destination
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class Back:
    """What goes back: `method_minor` of it to the provider, the rest into the wallet.

    `ends_at`: from then on the order gives no service; None when its service stays, or is over.
    `days_left` of `days_paid` are still ahead; both 0 for an order without a term.
    """

    amount_minor: int
    method_minor: int
    ends_at: datetime | None
    days_left: int
    days_paid: int

    @property
    def wallet_minor(self) -> int:
        """What goes into the wallet."""
        return self.amount_minor - self.method_minor


def decide(order: Refundable, wish: Wish, now: datetime) -> Back:
    """What the wish comes to at `now`. Raises RefundRefused."""
    days_left, days_paid = _days(order.period, now)
    amount = _amount(order, wish, days_left, days_paid)
    to_method = wish.destination is Destination.METHOD
    return Back(
        amount_minor=amount,
        method_minor=min(amount, order.method_left_minor) if to_method else 0,
        ends_at=None if wish.scope is Scope.PART else ending(order.period, now),
        days_left=days_left,
        days_paid=days_paid,
    )


def _amount(order: Refundable, wish: Wish, days_left: int, days_paid: int) -> int:
    if order.left_minor <= 0:
        raise RefundRefused("refund_nothing_left")
    if wish.scope is Scope.WHOLE:
        return order.left_minor
    if wish.scope is Scope.PART:
        if not 0 < wish.amount_minor <= order.left_minor:
            raise RefundRefused("refund_amount")
        return wish.amount_minor
    amount = order.left_minor * days_left // max(days_paid, 1)
    if not amount:
        raise RefundRefused("refund_term_over")
    return amount


def _days(period: tuple[datetime, datetime] | None, now: datetime) -> tuple[int, int]:
    """Days left and days paid, by the days on which the term is earned: today counts as used."""
    if period is None:
        return 0, 0
    first, paid = days_of(*period)
    used = (now.astimezone(UTC).date() - first).days + 1
    return (0 if period[1] <= now else paid - min(max(used, 0), paid)), paid


def ending(period: tuple[datetime, datetime] | None, now: datetime) -> datetime | None:
    """What has begun ends now; what has not, never begins."""
    if period is None or period[1] <= now:
        return None
    return max(period[0], now)


def tax_in(total_minor: int, tax_minor: int, given_minor: int, amount_minor: int) -> int:
    """The tax in `amount_minor` when `given_minor` of the order went back before it.

    The tax in all refunds together is rounded down once, whatever they were cut into: with the
    last of them the whole tax has gone back.
    """
    before = tax_minor * given_minor // total_minor
    return tax_minor * (given_minor + amount_minor) // total_minor - before
