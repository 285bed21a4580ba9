"""Limits against SMS pumping, beside allauth's per number and per address (config/signin.py).

Who pumps owns a block of numbers in one country and asks from many addresses; so the hour's
SMS are counted per country.
"""

from django.conf import settings

from keepline.accounts.pace import is_within
from keepline.accounts.phones import country_of

AN_HOUR_S = 3600


def may_send(phone: str) -> bool:
    """Counts one SMS to the country of `phone` (E.164); False when its hour is used up."""
    most = settings.SMS_PER_COUNTRY_AN_HOUR
    return is_within("sms-country", str(country_of(phone)), most, AN_HOUR_S)
