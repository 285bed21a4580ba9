"""What both sides of the bridge's interface agree on (docs/gateways/identity.md)."""

import re
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit
from uuid import UUID

from keepline.gateways.bridging import Unreadable, text_of
from keepline.gateways.identity.port import (
    REASONS,
    RESULTS,
    Check,
    CheckResult,
    RefusalReason,
)

PATH: Final = "/v1/checks"
LONGEST_ADDRESS: Final = 2000
OWN_MACHINE: Final = ("localhost", "127.0.0.1")
COUNTRY: Final = re.compile(r"[A-Z]{2}")


def check_of(content: Mapping[str, Any]) -> Check:
    """A check with all that was promised of it. Raises Unreadable."""
    check_id, result = _id_of(content), _word_of(content, "result", RESULTS)
    page_url = text_of(content, "page_url", optional=True, longest=LONGEST_ADDRESS)
    if (result == "pending") != bool(page_url) or not _leads_somewhere(page_url):
        raise Unreadable("page_url")
    reason = text_of(content, "reason", optional=True)
    if (result == "refused") != bool(reason) or reason not in ("", *REASONS):
        raise Unreadable("reason")
    country = text_of(content, "country", optional=True)
    if country and not COUNTRY.fullmatch(country):
        raise Unreadable("country")
    of_age = content.get("of_age")
    if of_age is not None and not isinstance(of_age, bool):
        raise Unreadable("of_age")
    return Check(
        check_id=check_id,
        result=cast("CheckResult", result),
        page_url=page_url,
        reason=cast("RefusalReason", reason),
        country=country,
        of_age=of_age,
    )


def _id_of(content: Mapping[str, Any]) -> UUID:
    try:
        return UUID(text_of(content, "id"))
    except ValueError:
        raise Unreadable("id") from None


def _word_of(content: Mapping[str, Any], name: str, words: tuple[str, ...]) -> str:
    word = text_of(content, name)
    if word not in words:
        raise Unreadable(name)
    return word


def _leads_somewhere(address: str) -> bool:
    """Holders are sent there: over TLS, or to this machine. "" leads nowhere, as it may."""
    try:
        parts = urlsplit(address)
        own = parts.scheme == "http" and parts.hostname in OWN_MACHINE
        return not address or own or (parts.scheme == "https" and bool(parts.hostname))
    except ValueError:
        return False
