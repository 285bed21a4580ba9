"""What PayPal's Transaction Search tells of, as rows for reconciliation.

It knows money that moved, not orders: a checkout that nobody paid is not listed, a payment stands
at the instant of its capture, and appears up to three hours after it.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from keepline.gateways.payments.port import ListedPayment, PaymentOutcome, PaymentStatus

from .reading import money

Json = dict[str, Any]
LONGEST: Final = timedelta(days=31)  # of one search
PAYMENT_CODES: Final = "T00"
REFUND_CODE: Final = "T1107"
REVERSED: Final = "V"
OUTCOMES: Final[dict[str, PaymentOutcome]] = {
    "S": "captured",
    "V": "captured",
    "P": "pending",
    "D": "declined",
}


def spans(start: datetime, end: datetime) -> Iterator[tuple[str, str]]:
    """[start, end) in parts of at most 31 days, as RFC 3339."""
    while start < end:
        stop = min(start + LONGEST, end)
        yield _rfc3339(start), _rfc3339(stop)
        start = stop


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def listed(rows: Iterable[Json], start: datetime, end: datetime) -> list[ListedPayment]:
    """Payments of ours captured in [start, end), oldest first, each once.

    A refund counts when its row is among `rows`; a payment given back in full says so itself.
    """
    infos = [row["transaction_info"] for row in rows]
    found = {}
    for info in infos:
        payment_id = _payment_id(info)
        if payment_id and info["transaction_event_code"].startswith(PAYMENT_CODES):
            at = datetime.fromisoformat(info["transaction_initiation_date"])
            if start <= at < end:
                found[payment_id] = ListedPayment(payment_id, at, _status(info, infos))
    return sorted(found.values(), key=lambda row: row.opened_at)


def _payment_id(info: Json) -> UUID | None:
    """None for what other programs of the same account sold."""
    try:
        return UUID(str(info.get("custom_field", "")).partition("/")[0])
    except ValueError:
        return None


def _status(info: Json, infos: list[Json]) -> PaymentStatus:
    amount_minor, currency = money(info["transaction_amount"])
    outcome = OUTCOMES[info["transaction_status"]]
    reversed_in_full = info["transaction_status"] == REVERSED
    by_order = info.get("paypal_reference_id_type") == "ODR"
    return PaymentStatus(
        status=outcome,
        amount_minor=amount_minor,
        currency=currency,
        captured_minor=amount_minor if outcome == "captured" else 0,
        refunded_minor=amount_minor if reversed_in_full else _refunded(info, infos),
        provider_payment_id=str(info["paypal_reference_id"]) if by_order else None,
    )


def _refunded(info: Json, infos: list[Json]) -> int:
    """Refunds of one payment; each counts once, though a search may list it twice."""
    refunds = {
        other["transaction_id"]: abs(money(other["transaction_amount"])[0])
        for other in infos
        if other["transaction_event_code"] == REFUND_CODE
        and other.get("paypal_reference_id") == info["transaction_id"]
    }
    return sum(refunds.values())
