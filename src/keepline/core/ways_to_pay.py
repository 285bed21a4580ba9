"""Which ways to pay are offered, for a country, a currency and an amount: one function on a table.

The table is payments/ways_to_pay.toml. A way is a provider with those of its methods that fit; a
provider of which none fits is not offered. What is not known is not promised: a method that some
countries have is not offered to a holder of whom no country is known.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Method", "Way", "ways_to_pay"]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of one provider. None means any; `least_minor` by currency, minor units.

    `storable`: the provider keeps it for charges while the holder is away.
    """

    provider: str
    name: str
    currencies: frozenset[str] | None = None
    countries: frozenset[str] | None = None  # ISO 3166-1
    least_minor: Mapping[str, int] = field(default_factory=dict)
    storable: bool = False

    @property
    def code(self) -> str:
        """How an operator names it: stripe:card."""
        return f"{self.provider}:{self.name}"


@dataclass(frozen=True, slots=True)
class Way:
    """A provider, and what its page offers."""

    provider: str
    methods: tuple[str, ...]


def ways_to_pay(
    table: Iterable[Method],
    connected: Sequence[str],
    allowed: Collection[str] | None,
    country: str | None,
    currency: str,
    amount_minor: int,
) -> list[Way]:
    """The ways for one payment, in the order in which the providers are connected.

    `allowed`: codes of methods that the operator offers, None for all of them.
    """
    fitting = [
        method
        for method in table
        if (allowed is None or method.code in allowed)
        and (method.currencies is None or currency in method.currencies)
        and (method.countries is None or country in method.countries)
        and amount_minor >= method.least_minor.get(currency, 1)
    ]
    found = [
        Way(provider, tuple(method.name for method in fitting if method.provider == provider))
        for provider in connected
    ]
    return [way for way in found if way.methods]
