"""Reads in which other currencies a provider's part may be paid: amount, rate, and which ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from keepline.core.exchange import Exchange, exchanges
from keepline.core.money import Money
from keepline.core.ways_to_pay import Way
from keepline.flows.errors import FlowRefused
from keepline.flows.list_ways_to_pay import list_ways_to_pay, step_on_offer
from keepline.payments import exchange_rates


@dataclass(frozen=True, slots=True)
class ExchangeOffer:
    """One other currency, and the providers that can take it."""

    exchange: Exchange
    ways: Sequence[Way]


def list_exchanges(account_id: UUID, price: Money, now: datetime) -> list[ExchangeOffer]:
    """By currency; none where the operator allows none. One query for each currency."""
    found = []
    for one in _exchanges(price, now):
        ways = list_ways_to_pay(account_id, one.paid.currency)(one.paid.amount_minor)
        if ways:
            found.append(ExchangeOffer(one, ways))
    return found


def exchange_seen(price: Money, seen: Money, now: datetime) -> Exchange:
    """The exchange by which the holder saw that `seen` is to be paid for `price`.

    Raises FlowRefused("rate_changed") when it comes to another amount by now, or is not offered.
    """
    for one in _exchanges(price, now):
        if one.paid == seen:
            return one
    raise FlowRefused("rate_changed")


def _exchanges(price: Money, now: datetime) -> list[Exchange]:
    table = exchange_rates.in_force()
    today = now.astimezone(UTC).date()
    return exchanges(table.rates, price, today, table.valid_days, step_on_offer)
