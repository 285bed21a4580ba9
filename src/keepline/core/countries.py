"""The countries that a holder or a tax may have."""

import re
from functools import cache

from babel import Locale

__all__ = ["known_countries"]

# What CLDR names beside them: unknown, the Union, the euro area, the United Nations, test regions.
NO_COUNTRY = frozenset({"ZZ", "EU", "EZ", "UN", "XA", "XB", "QO"})


@cache
def known_countries() -> frozenset[str]:
    """ISO 3166-1 alpha-2, as CLDR knows them."""
    codes = filter(re.compile("[A-Z]{2}").fullmatch, Locale("en").territories)
    return frozenset(codes) - NO_COUNTRY
