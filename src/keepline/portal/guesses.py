"""What a new account starts with, guessed from the browser; all of it can be corrected later."""

from babel.core import get_global
from babel.numbers import get_territory_currencies
from django.conf import settings

from keepline.accounts.phones import country_of
from keepline.core.zones import known_zones

FALLBACK_ZONE = "UTC"


def time_zone(stated: str) -> str:
    """The IANA zone that the browser stated; UTC for anything else."""
    return stated if stated in known_zones() else FALLBACK_ZONE


def currency(zone: str, phone: str = "") -> str:
    """The money of the phone's country, else of the zone's, when prices are shown in it."""
    countries = [country_of(phone)] if phone else []
    countries.append(get_global("zone_territories").get(zone, ""))
    for country in filter(None, countries):
        for code in get_territory_currencies(country):
            if code in settings.CURRENCIES:
                return code
    return settings.CURRENCIES[0]
