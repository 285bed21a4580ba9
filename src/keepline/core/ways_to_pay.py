"""Which ways to pay are offered, for a country, a currency and an amount: one function on a table.

The table is payments/ways_to_pay.toml. A way is a provider with those of its methods that fit; a
provider of which none fits is not offered. What is not known is not promised: a method that some
countries have is not offered to a holder of whom no country is known.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm

__all__ = ["Method", "Way", "step_minor", "ways_to_pay"]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of one provider. None means any; `least_minor` by currency, minor units.

    `step_minor`: what amounts must be multiples of, where that is more than one minor unit.
    `storable`: the provider keeps it for charges while the holder is away.
    """

    provider: str
    name: str
    currencies: frozenset[str] | None = None
    countries: frozenset[str] | None = None  # ISO 3166-1
    least_minor: Mapping[str, int] = field(default_factory=dict)
    step_minor: Mapping[str, int] = field(default_factory=dict)
    storable: bool = False

    @property
    def code(self) -> str:
        """How an operator names it: stripe:card."""
        return f"{self.provider}:{self.name}"

    def takes(self, currency: str) -> bool:
        """Whether it is for payments in this currency at all."""
        return self.currencies is None or currency in self.currencies


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
        and method.takes(currency)
        and (method.countries is None or country in method.countries)
        and amount_minor >= method.least_minor.get(currency, 1)
        and amount_minor % method.step_minor.get(currency, 1) == 0
    ]
    found = [
        Way(provider, tuple(method.name for method in fitting if method.provider == provider))
        for provider in connected
    ]
    return [way for way in found if way.methods]


def step_minor(
    table: Iterable[Method],
    connected: Collection[str],
    allowed: Collection[str] | None,
    currency: str,
) -> int:
    """Multiples of it can be taken by every method on offer that takes the currency at all.

    One step for all of them: what a preview splits between wallet and provider is what will be
    asked, whichever provider is chosen.
    """
    steps = [
        method.step_minor.get(currency, 1)
        for method in table
        if method.provider in connected
        and (allowed is None or method.code in allowed)
        and method.takes(currency)
    ]
    return lcm(*steps)
