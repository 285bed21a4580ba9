"""Limits against SMS pumping, beside allauth's per number and per address (config/signin.py).

Who pumps owns a block of numbers in one country and asks from many addresses; so codes are counted
per number, per block of numbers, per address that asks, per country and in all, in the cache that
all processes share. docs/gateways/smpp.md#pumping
"""

from typing import NamedTuple

from django.conf import settings
from django.core.cache import cache

from keepline.accounts.phones import country_of

TEN_MINUTES, AN_HOUR, A_DAY = 600, 3600, 86400
A_BLOCK = 4  # its numbers differ in the last digits only


class Limit(NamedTuple):
    """At most `most` in `seconds` for one `of`."""

    of: str
    most: int
    seconds: int


def may_send(phone: str, address: str) -> bool:
    """Counts one code to `phone` (E.164), asked for from `address`; False beyond any limit.

    The narrow limits come first: who tries one number for long does not use up a country's.
    """
    return all(_counted(limit) for limit in _limits(phone, address))


def _limits(phone: str, address: str) -> tuple[Limit, ...]:
    return (
        Limit(f"number:{phone}", settings.SMS_PER_NUMBER_IN_TEN_MINUTES, TEN_MINUTES),
        Limit(f"address:{address}", settings.SMS_PER_ADDRESS_AN_HOUR, AN_HOUR),
        Limit(f"block:{phone[:-A_BLOCK]}", settings.SMS_PER_BLOCK_AN_HOUR, AN_HOUR),
        Limit(f"country:{country_of(phone)}", settings.SMS_PER_COUNTRY_AN_HOUR, AN_HOUR),
        Limit("all", settings.SMS_PER_DAY, A_DAY),
    )


def _counted(limit: Limit) -> bool:
    key = f"sms-{limit.of}"
    cache.add(key, 0, limit.seconds)
    try:
        sent: int = cache.incr(key)
    except ValueError:  # it expired between the two calls
        return True
    return sent <= limit.most
