"""What PayPal's Transaction Search tells of, as rows for reconciliation.

It knows money that moved, not orders: a checkout that nobody paid is not listed, a payment stands
at the instant of its capture, and appears up to three hours after it. Of disputes it says nothing.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from keepline.gateways.payments.port import (
    ListedPayment,
    PaymentOutcome,
    PaymentStatus,
    ProviderRefused,
)

from .reading import money, readable

if TYPE_CHECKING:
    from .sdk import PayPalApi

Json = dict[str, Any]
LONGEST: Final = timedelta(days=31)  # of one search
SHORTEST: Final = timedelta(seconds=2)  # PayPal counts seconds
TOO_MANY: Final = "RESULTSET_TOO_LARGE"  # more than 10,000 rows
PAYMENT_CODES: Final = "T00"
REFUND_CODE: Final = "T1107"
REVERSED: Final = "V"
NOT_GIVEN: Final = ("D", REVERSED)  # a refund that was denied, or came back
OUTCOMES: Final[dict[str, PaymentOutcome]] = {
    "S": "captured",
    "V": "captured",
    "P": "pending",
    "D": "declined",
}


def searched(api: "PayPalApi", start: datetime, end: datetime) -> list[Json]:
    """All rows of [start, end), in searches as short as PayPal wants them.

    Raises ProviderRefused, ProviderUnknown.
    """
    if end - start > LONGEST:
        return searched(api, start, start + LONGEST) + searched(api, start + LONGEST, end)
    rows: list[Json] = []
    page = pages = 1
    while page <= pages:
        try:
            answer = api.transactions(_rfc3339(start), _rfc3339(end), page)
        except ProviderRefused as refused:
            if refused.code != TOO_MANY or end - start < SHORTEST:
                raise
            middle = start + (end - start) / 2
            return searched(api, start, middle) + searched(api, middle, end)
        with readable():
            rows.extend(answer["transaction_details"])
            pages = int(answer["total_pages"])
        page += 1
    return rows


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def order_of(rows: Iterable[Json], payment_id: UUID) -> str | None:
    """The order of one payment of ours among `rows`."""
    for info in (row["transaction_info"] for row in rows):
        of_order = info.get("paypal_reference_id_type") == "ODR"
        paid = info["transaction_event_code"].startswith(PAYMENT_CODES)
        if of_order and paid and _payment_id(info) == payment_id:
            return str(info["paypal_reference_id"])
    return None


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
        and other["transaction_status"] not in NOT_GIVEN
    }
    return sum(refunds.values())
