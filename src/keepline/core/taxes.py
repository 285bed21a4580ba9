"""Which tax a sale bears: by country and instant, one function on a table (docs/tax.md).

The table is data, catalog/tax_rates.toml and an operator's own over it. What it does not tell is
as the plan says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = ["PLANS_OWN", "TaxRate", "TaxRules", "TaxesError", "Treatment", "treatment"]

Whose = Literal["plan", "seller", "holder"]


class TaxesError(ValueError):
    """A table of rates that cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class TaxRate:
    """What a country takes from `since_at` on. `rate_ppm` in parts per million.

    `inclusive`: the catalogue's prices hold the tax; False: it comes on top.
    """

    rate_ppm: int
    inclusive: bool
    since_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """The tax of one sale, in the place of its plan's own."""

    country: str  # ISO 3166-1 alpha-2
    rate_ppm: int
    inclusive: bool


@dataclass(frozen=True)
class TaxRules:
    """Whose country counts, and what each takes.

    `rates` by country, the oldest first. `charged_in`: the only countries whose rates are used,
    None for all of them.
    """

    whose: Whose
    seller_country: str
    rates: Mapping[str, tuple[TaxRate, ...]]
    charged_in: frozenset[str] | None = None

    def countries(self) -> list[str]:
        """Those whose rates are used, in order."""
        return sorted(c for c in self.rates if self.charged_in is None or c in self.charged_in)


PLANS_OWN = TaxRules("plan", "", {})


def treatment(rules: TaxRules, holder_country: str, now: datetime) -> Treatment | None:
    """The tax at `now`, the instant of acceptance; None when the plan's own holds.

    It does when no country is known, when tax is not charged there, and when the table tells no
    rate for the instant.
    """
    if rules.whose == "plan":
        return None
    country = rules.seller_country if rules.whose == "seller" else holder_country
    if rules.charged_in is not None and country not in rules.charged_in:
        return None
    begun = [rate for rate in rules.rates.get(country, ()) if rate.since_at <= now]
    return Treatment(country, begun[-1].rate_ppm, begun[-1].inclusive) if begun else None
