"""Reads which ways to pay a holder has for an amount: by country, currency, and the operator."""

from collections.abc import Callable
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.core.ways_to_pay import Way, ways_to_pay
from keepline.gateways import switchboard
from keepline.payments.ways import step_of, table

ANY_AMOUNT_MINOR = 10**9  # beyond every provider's least

WaysFor = Callable[[int], list[Way]]


def list_ways_to_pay(account_id: UUID, currency: str) -> WaysFor:
    """Tells, for an amount in minor units, which connected providers can take it. One query."""
    country = accounts.country_of(account_id)
    connected, allowed = switchboard.providers(), switchboard.methods_allowed()

    def ways_for(amount_minor: int) -> list[Way]:
        return ways_to_pay(table(), connected, allowed, country, currency, amount_minor)

    return ways_for


def list_ways_to_save(account_id: UUID, currency: str) -> list[Way]:
    """Which connected providers keep a way to pay for charges in this currency. One query."""
    connected = switchboard.providers()
    return ways_to_pay(
        [method for method in table() if method.storable],
        [name for name in connected if switchboard.payments(name).stores_methods],
        switchboard.methods_allowed(),
        accounts.country_of(account_id),
        currency,
        ANY_AMOUNT_MINOR,
    )


def step_on_offer(currency: str) -> int:
    """What a provider's part must be a multiple of, so that any connected one can take it. No
    query."""
    return step_of(currency, switchboard.providers(), switchboard.methods_allowed())


def can_take(
    provider: str, account_id: UUID, currency: str, amount_minor: int, method: str | None = None
) -> bool:
    """Whether the provider is one of them, and `method` (if it must be that) among its methods."""
    ways = list_ways_to_pay(account_id, currency)(amount_minor)
    return any(way.provider == provider and method in (None, *way.methods) for way in ways)
