"""Believes notifications: forms that Alipay signed (RSA2) over their decoded fields."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl
from uuid import UUID

from keepline.gateways.payments.port import ProviderEvent, SignatureRefused

from .keys import Keys
from .times import read_instant

# Alipay repeats a notification for 25 hours, and no page of its says whether a repeat carries the
# instant of the first sending. An old one does no harm: it is stored once by its id, and only
# says where to look.
BELIEVED_FOR: Final = timedelta(hours=26)
AHEAD: Final = timedelta(minutes=5)
LIMIT_BYTES: Final = 256 * 1024
FORM: Final = "application/x-www-form-urlencoded"
KINDS: Final = {
    "TRADE_SUCCESS": "payment.captured",
    "TRADE_FINISHED": "payment.captured",
    "TRADE_CLOSED": "payment.expired",
}


class Notifications:
    """Those for one application, and one seller where `seller_id` is not empty."""

    def __init__(self, app_id: str, keys: Keys, seller_id: str = "") -> None:
        self._app_id = app_id
        self._keys = keys
        self._seller_id = seller_id

    def event(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """The event of a notification that is genuine, ours and not too old."""
        lowered = {name.lower(): value for name, value in headers.items()}
        if not lowered.get("content-type", "").lower().startswith(FORM) or len(body) > LIMIT_BYTES:
            raise SignatureRefused("not a form, or too large")
        form = _form(body)
        signature = form.pop("sign", "")
        if form.pop("sign_type", "") != "RSA2":
            raise SignatureRefused("not signed with RSA2")
        content = "&".join(f"{name}={value}" for name, value in sorted(form.items()))
        if not self._keys.fits(signature, content):
            raise SignatureRefused("the signature does not fit")
        if form.get("app_id") != self._app_id:
            raise SignatureRefused("for another application")
        if self._seller_id and form.get("seller_id") != self._seller_id:
            raise SignatureRefused("for another seller")
        event = _event(form)
        if not -AHEAD <= now - event.occurred_at <= BELIEVED_FOR:
            raise SignatureRefused(f"sent at {event.occurred_at.isoformat()}, too far from now")
        return event


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except ValueError:
        raise SignatureRefused("not a form in UTF-8") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise SignatureRefused("a field comes twice")
    return form


def _event(form: Mapping[str, str]) -> ProviderEvent:
    try:
        order = form.get("passback_params")
        status = form["trade_status"]
        return ProviderEvent(
            event_id=form["notify_id"],
            kind="refund.succeeded" if "gmt_refund" in form else KINDS.get(status, status),
            payment_id=UUID(form["out_trade_no"]),
            order_id=UUID(order) if order else None,
            occurred_at=read_instant(form["notify_time"]),
        )
    except (ValueError, KeyError):
        raise SignatureRefused("signed, but not one of our notifications") from None
