"""Two books of the same payments, compared: ours and the provider's.

docs/reconciliation.md has the table in prose. A difference has one name, and a name has one
remedy: what the provider knows and we have not booked yet is asked for and booked; everything
else is put before a person, because one of the two books tells of money that the other denies.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

__all__ = ["BookedPayment", "Difference", "Kind", "TheirPayment", "Totals", "compare", "totals"]


class Kind(StrEnum):
    """What the two books disagree about."""

    NOT_BOOKED = "not_booked"  # captured there, not booked here
    UNKNOWN_HERE = "unknown_here"  # captured there for a payment that we never made
    NOT_CAPTURED_THERE = "not_captured_there"  # booked here, and they do not have the money
    AMOUNT_DIFFERS = "amount_differs"  # both have it, in another amount or currency
    REFUND_NOT_BOOKED = "refund_not_booked"  # they gave back more than we know of
    REFUND_MISSING = "refund_missing"  # we believe it given back, and they do not
    DISPUTE_DIFFERS = "dispute_differs"  # they lost more, or less, to a payer's bank than we know


SETTLED_BY_ASKING = frozenset(
    {Kind.NOT_BOOKED, Kind.REFUND_NOT_BOOKED, Kind.REFUND_MISSING, Kind.DISPUTE_DIFFERS}
)

# What a list may say that is late, or knows money back of its own span only: the provider is asked
# about the payment itself before any of these is named.
DOUBTED = frozenset(
    {Kind.NOT_CAPTURED_THERE, Kind.AMOUNT_DIFFERS, Kind.REFUND_MISSING, Kind.DISPUTE_DIFFERS}
)


class TheirPayment(Protocol):
    """What is read of the provider's answer (gateways.payments.port.PaymentStatus)."""

    @property
    def status(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def captured_minor(self) -> int: ...
    @property
    def refunded_minor(self) -> int: ...
    @property
    def disputed_minor(self) -> int: ...


@dataclass(frozen=True, slots=True)
class BookedPayment:
    """A payment as our books have it. Minor units of `currency`; nothing captured is 0."""

    payment_id: UUID
    order_id: UUID
    provider_payment_id: str | None
    currency: str
    captured_minor: int
    refunded_minor: int
    disputed_minor: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One payment about which the books disagree. Minor units, captured or, where the kind speaks
    of refunds or disputes, given or taken back."""

    kind: Kind
    payment_id: UUID
    order_id: UUID | None
    currency: str
    ours_minor: int
    theirs_minor: int
    theirs_currency: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Captured less what went back or is disputed, in one currency."""

    ours_minor: int
    theirs_minor: int


def compare(
    ours: Mapping[UUID, BookedPayment], theirs: Mapping[UUID, TheirPayment]
) -> list[Difference]:
    """Every payment that one of the books has money for and the other tells otherwise.

    `theirs` must have an entry for every payment of `ours` that captured something: a provider's
    list may lack what lies at the edge of its span, so the caller asks for those one by one.
    """
    found = [
        _difference(ours.get(payment_id), payment_id, theirs[payment_id]) for payment_id in theirs
    ]
    return [difference for difference in found if difference is not None]


def _difference(
    ours: BookedPayment | None, payment_id: UUID, theirs: TheirPayment
) -> Difference | None:
    booked = ours.captured_minor if ours else 0
    captured = theirs.captured_minor if theirs.status == "captured" else 0
    kind = _kind(ours, theirs, captured)
    if kind is None:
        return None
    if kind is Kind.DISPUTE_DIFFERS:
        booked, captured = (ours.disputed_minor if ours else 0), theirs.disputed_minor
    about_refunds = kind in (Kind.REFUND_NOT_BOOKED, Kind.REFUND_MISSING)
    return Difference(
        kind=kind,
        payment_id=payment_id,
        order_id=ours.order_id if ours else None,
        currency=ours.currency if ours else theirs.currency,
        ours_minor=ours.refunded_minor if ours and about_refunds else booked,
        theirs_minor=theirs.refunded_minor if about_refunds else captured,
        theirs_currency=theirs.currency or (ours.currency if ours else ""),
    )


def _kind(ours: BookedPayment | None, theirs: TheirPayment, captured: int) -> Kind | None:
    if ours is None or not ours.captured_minor:
        unbooked = Kind.UNKNOWN_HERE if ours is None else Kind.NOT_BOOKED
        return unbooked if captured else None
    if not captured:
        return Kind.NOT_CAPTURED_THERE
    if (ours.captured_minor, ours.currency) != (captured, theirs.currency):
        return Kind.AMOUNT_DIFFERS
    if ours.refunded_minor == theirs.refunded_minor:
        disputes_agree = ours.disputed_minor == theirs.disputed_minor
        return None if disputes_agree else Kind.DISPUTE_DIFFERS
    more_there = theirs.refunded_minor > ours.refunded_minor
    return Kind.REFUND_NOT_BOOKED if more_there else Kind.REFUND_MISSING


def totals(ours: Iterable[BookedPayment], theirs: Iterable[TheirPayment]) -> dict[str, Totals]:
    """Per currency, what each book says was taken and kept."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for mine in ours:
        gone = mine.refunded_minor + mine.disputed_minor
        sums[mine.currency][0] += mine.captured_minor - gone
    for other in theirs:
        if other.status == "captured":
            gone = other.refunded_minor + other.disputed_minor
            sums[other.currency][1] += other.captured_minor - gone
    return {
        currency: Totals(*pair) for currency, pair in sorted(sums.items()) if any(pair) and currency
    }
