"""Limits against fraud, before a provider is asked for money (docs/fraud-limits.md).

Inside the transaction that starts an order: what is refused was never counted, and a repeat of a
key never comes here.
"""

from dataclasses import dataclass
from uuid import UUID

import structlog

from keepline.core.velocity import Asked, decide
from keepline.flows.errors import FlowRefused
from keepline.payments import attempts, limits
from keepline.payments import queries as payment_queries

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks from outside, as the entrance found them; "" is not known, and not counted.

    `address`: IPv4 or IPv6, as text. `device`: any name that stays the same.
    """

    address: str = ""
    device: str = ""


NOBODY = Caller()  # worker, sweep, commands


def admit_payment(account_id: UUID, caller: Caller, asked: Asked) -> None:
    """Counts a payment that is about to be created, or raises FlowRefused.

    Takes its locks after the wallet's (advisory, by account, address and device).
    """
    rules = limits.in_force()
    address = attempts.key_of("address", attempts.household(caller.address))
    device = attempts.key_of("device", caller.device)
    rates = {}
    if caller.address:
        rates[address] = rules.address
    if caller.device:
        rates[device] = rules.device
    attempts.let_in_one_by_one(account_id, [*rates])
    past = payment_queries.past_of(account_id, asked.at - rules.reach)
    noted = attempts.noted([*rates])
    hit = decide(rules, asked, past, noted.get(address, ()), noted.get(device, ()))
    if hit is not None:
        log.warning("payments.paused", limit=hit.limit, account_id=str(account_id))
        if hit.until is None:
            raise FlowRefused("amount_too_large", largest_minor=hit.largest_minor)
        raise FlowRefused("payments_paused", paused_until=hit.until)
    for key, before in noted.items():
        attempts.note(key, before, asked.at, rates[key])
