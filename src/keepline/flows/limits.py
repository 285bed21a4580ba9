"""Limits against fraud: before a line is sold, before a provider is asked for money, when it was
taken, and before what a line is called moves away (docs/numbers.md).

docs/fraud-limits.md. `admit_payment` is called inside the transaction that starts an order: what is
refused was never counted, and a repeat of a key never comes there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings

from keepline.accounts import identity
from keepline.accounts import queries as accounts
from keepline.catalog.queries import policy_values
from keepline.core.money import Money
from keepline.core.velocity import Asked, decide
from keepline.flows.errors import FlowRefused
from keepline.gateways import switchboard
from keepline.orders.models import Order
from keepline.orders.queries import BY_CLOCK
from keepline.payments import attempts, limits
from keepline.payments import queries as payment_queries
from keepline.payments.models import Payment

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


def contacts_settle_at(account_id: UUID) -> datetime | None:
    """Until when no number and no SIM of the account moves, for its members' contacts were changed
    lately: it may be in the past. None: they never were. One query."""
    changed_at = accounts.contacts_changed_at(account_id)
    return changed_at and changed_at + timedelta(hours=settings.ENV.contact_wait_hours)


def demand_settled_contacts(account_id: UUID, now: datetime) -> None:
    """Before a number or a SIM goes elsewhere: whoever has just made an account theirs, by a new
    e-mail, number or forgotten password, shall not walk away with it before its owner could read a
    letter. Raises FlowRefused("contacts_changed", again_at)."""
    settle_at = contacts_settle_at(account_id)
    if settle_at is not None and now < settle_at:
        raise FlowRefused("contacts_changed", again_at=settle_at)


def demand_identity(account_id: UUID, policy_id: int) -> None:
    """Before a line is sold whose policy wants to know who its holder is, or it gets another
    number (docs/identity.md).

    Raises FlowRefused: identity_needed; no_identity_check where nobody could check it.
    """
    if policy_values(policy_id).identity_check == "none" or identity.is_verified(account_id):
        return
    raise FlowRefused("identity_needed" if switchboard.has("identity") else "no_identity_check")


def demand_other_sign_in(e164: int, account_id: UUID) -> None:
    """Before a holder gives a number up: no member may be left without a way in.

    Raises FlowRefused("sign_in_needed").
    """
    if accounts.sign_in_by(e164, account_id) == "only":
        raise FlowRefused("sign_in_needed")


def needs_review(order: Order, payment: Payment, now: datetime) -> bool:
    """Must a person look at what was just captured, before it is spent? (docs/fraud-limits.md)

    The clock's charges are not looked at: the holder had chosen them long before.
    """
    paid, rules = Money(payment.captured_minor, payment.currency), limits.in_force()
    if order.channel == BY_CLOCK or not rules.needs_review(paid, None, now):
        return False
    known_since = payment_queries.known_since(order.account_id, but=payment.id)
    return rules.needs_review(paid, known_since, now)
