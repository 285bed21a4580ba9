"""Reads which ways to pay a holder has for an amount: by country, currency, and the operator."""

from collections.abc import Callable
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.core.ways_to_pay import Way, ways_to_pay
from keepline.gateways import switchboard
from keepline.payments.ways import table

WaysFor = Callable[[int], list[Way]]


def list_ways_to_pay(account_id: UUID, currency: str) -> WaysFor:
    """Tells, for an amount in minor units, which connected providers can take it. One query."""
    country = accounts.country_of(account_id)
    connected, allowed = switchboard.providers(), switchboard.methods_allowed()

    def ways_for(amount_minor: int) -> list[Way]:
        return ways_to_pay(table(), connected, allowed, country, currency, amount_minor)

    return ways_for


def can_take(provider: str, account_id: UUID, currency: str, amount_minor: int) -> bool:
    """Whether the provider is one of them."""
    ways = list_ways_to_pay(account_id, currency)(amount_minor)
    return any(way.provider == provider for way in ways)
