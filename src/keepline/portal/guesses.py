"""What a new account starts with, guessed from the browser; all of it can be corrected later."""

from collections.abc import Sequence

from babel.core import get_global
from babel.numbers import get_territory_currencies

from keepline.accounts.phones import country_of
from keepline.core.zones import known_zones

FALLBACK_ZONE = "UTC"


def time_zone(stated: str) -> str:
    """The IANA zone that the browser stated; UTC for anything else."""
    return stated if stated in known_zones() else FALLBACK_ZONE


def currency(sold_in: Sequence[str], zone: str, phone: str = "") -> str:
    """The money of the phone's country, else of the zone's, when plans are `sold_in` it."""
    countries = [country_of(phone)] if phone else []
    countries.append(get_global("zone_territories").get(zone, ""))
    for country in filter(None, countries):
        for code in get_territory_currencies(country):
            if code in sold_in:
                return code
    return sold_in[0]
