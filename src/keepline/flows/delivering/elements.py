"""Whose element an eSIM profile is at, where carriers have SM-DP+s of their own."""

from keepline.catalog import queries as catalog
from keepline.gateways import switchboard
from keepline.inventory import queries as stock
from keepline.inventory.models import Profile


def carrier_of(profile: Profile | None) -> str:
    """Code of the carrier that the profile's pool is bound to; "" for none, and without a query
    where one SM-DP+ has all profiles."""
    if profile is None or not switchboard.has_own("smdp_plus"):
        return ""
    return catalog.carrier_codes().get(stock.carrier_of_pool(profile.pool_id) or 0, "")
