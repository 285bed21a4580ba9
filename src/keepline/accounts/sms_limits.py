"""Limits against SMS pumping, beside allauth's per number and per address (config/signin.py).

Who pumps owns a block of numbers in one country and asks from many addresses; so the hour's
SMS are counted per country, in the cache that all processes share.
"""

from django.conf import settings
from django.core.cache import cache

from keepline.accounts.phones import country_of

AN_HOUR = 3600


def may_send(phone: str) -> bool:
    """Counts one SMS to the country of `phone` (E.164); False when its hour is used up."""
    key = f"sms-country:{country_of(phone)}"
    cache.add(key, 0, AN_HOUR)
    try:
        sent: int = cache.incr(key)
    except ValueError:  # it expired between the two calls
        return True
    return sent <= settings.SMS_PER_COUNTRY_AN_HOUR
