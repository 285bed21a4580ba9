"""Attempts to pay per address and per device, counted in the cache that all processes share.

The cache lies in the database: what is noted inside a transaction that is rolled back was never
noted. Nothing of an address is kept but a keyed hash, for as long as the longest span.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from keepline.core.velocity import Rate
from keepline.slots.sql import execute

LOCK_KIND = 1_263_550_809  # "KPAY" in ASCII: the first half of the advisory lock's key
SALT = "keepline.payments.attempts"
HOME_PREFIX = 64  # of an IPv6 address: what one household is given, and more than it can use up
A_SECOND = timedelta(seconds=1)

LOCK = "SELECT pg_advisory_xact_lock(%(kind)s, who) FROM unnest(%(names)s::integer[]) AS who"


def key_of(kind: str, who: str) -> str:
    """Where attempts of `who` (an address, a device) are noted."""
    digest = salted_hmac(SALT, f"{kind}:{who}", algorithm="sha256").hexdigest()
    return f"payments-{kind}:{digest[:32]}"


def household(address: str) -> str:
    """What is counted as one address: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, HOME_PREFIX), strict=False))


def let_in_one_by_one(account_id: UUID, keys: Sequence[str]) -> None:
    """Until the transaction ends nobody else is counted for the account, or under these keys."""
    names = sorted({_number(name) for name in (str(account_id), *keys)})
    execute(LOCK, {"kind": LOCK_KIND, "names": names})


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big", signed=True)


def noted(keys: Sequence[str]) -> dict[str, list[datetime]]:
    """The instants noted under each key; one query."""
    found: dict[str, list[datetime]] = cache.get_many(keys) if keys else {}
    return {key: found.get(key, []) for key in keys}


def note(key: str, before: Sequence[datetime], now: datetime, rates: Sequence[Rate]) -> None:
    """One more at `now`; no more are kept than the limits ask about."""
    kept = [*before, now][-max(rate.count for rate in rates) :]
    longest = max(rate.span for rate in rates)
    cache.set(key, kept, longest // A_SECOND)
