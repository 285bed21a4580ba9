"""`line.auto_renew_set`: a line renews by itself or not, with which plan, and how early.

    T  set_auto_renew.set    the line under lock, its switch, its next action

The sweep takes the same row: whoever switches off before the line's try is due is not charged,
and whoever is a moment later finds it renewed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from keepline.audit import services as audit
from keepline.catalog.queries import PlanOffer, offer_on_sale, policy_values
from keepline.catalog.taxes import taxed, treatment_for
from keepline.core.agenda import STEPS_OF, lead_choices
from keepline.core.lifecycle.method import MethodState
from keepline.core.pricing import price_of
from keepline.core.renewal import fits
from keepline.flows.errors import FlowRefused
from keepline.flows.list_ways_to_pay import ANY_AMOUNT_MINOR, can_take
from keepline.flows.steps import transaction_step
from keepline.ledger import queries as ledger
from keepline.lines import services as lines
from keepline.lines.services import LockedLine
from keepline.payments import methods

ACTION = "line.auto_renew_set"


@dataclass(frozen=True, slots=True)
class AutoRenewWish:
    """What a holder wants.

    `plan_code`: the plan to renew with, at its price of the moment, which is the holder's consent
    to it; None keeps what was agreed. `expected`: minor units and currency that the holder saw,
    None to accept the price of the moment. `lead_days`: days ahead of expiry, None as the policy
    says. `method_id`: the saved method that pays what the wallet lacks, which is the holder's
    consent to that; None: only the wallet pays. `actor`: user:17.
    """

    account_id: UUID
    line_id: UUID
    enabled: bool
    plan_code: str | None
    lead_days: int | None
    actor: str
    expected: tuple[int, str] | None = None
    method_id: UUID | None = None


def set_auto_renew(wish: AutoRenewWish, now: datetime) -> None:
    """Raises FlowRefused: not_found, state_refuses, plan_not_for_line, price_changed, lead_refused,
    method_unusable.

    Then nothing has changed. The same wish twice is one act.
    """
    try:
        with transaction_step("set_auto_renew.set"):
            _set(wish, now)
    except lines.LineNotFound:
        raise FlowRefused("not_found") from None


def _set(wish: AutoRenewWish, now: datetime) -> None:
    line = lines.lock_line(wish.line_id, wish.account_id)
    rules = policy_values(line.policy_id).agenda
    if line.state not in STEPS_OF:
        raise FlowRefused("state_refuses")
    if wish.lead_days is not None and wish.lead_days not in lead_choices(rules):
        raise FlowRefused("lead_refused", days=lead_choices(rules))
    offer = _offer(wish, line, now)
    plan_id = offer.plan_id if offer else line.plan_id
    if wish.method_id not in (None, line.method_id):
        _must_be_usable(wish, ledger.currency_of(line.wallet_id))
    before = _facts(line.auto_renew, line.plan_id, line.lead_days)
    after = _facts(wish.enabled, plan_id, wish.lead_days)
    if before == after and wish.method_id == line.method_id:
        return
    if before != after:  # planned anew, a try that is due this moment would be lost
        lines.set_auto_renew(line, wish.enabled, plan_id, wish.lead_days, now)
    lines.charge_method(line, wish.method_id)
    before |= _charged(line.method_id)
    after |= _charged(wish.method_id)
    audit.record(
        ACTION,
        actor=wish.actor,
        now=now,
        account_id=wish.account_id,
        subject_id=line.id,
        facts={"before": before, "after": after, **_agreed(offer)},
    )


def _must_be_usable(wish: AutoRenewWish, currency: str) -> None:
    """Kept, and of a kind that the operator lets be charged in the line's currency."""
    assert wish.method_id is not None
    try:
        method = methods.read(wish.method_id, wish.account_id)
    except methods.MethodNotFound:
        raise FlowRefused("method_unusable") from None
    if method.state != MethodState.STORED:
        raise FlowRefused("method_unusable")
    asked = method.provider, wish.account_id, currency, ANY_AMOUNT_MINOR, method.kind
    if not can_take(*asked):
        raise FlowRefused("method_unusable")


def _offer(wish: AutoRenewWish, line: LockedLine, now: datetime) -> PlanOffer | None:
    if wish.plan_code is None:
        return None
    offer = offer_on_sale(wish.plan_code, ledger.currency_of(line.wallet_id), now)
    if offer is None or not fits(line, offer):
        raise FlowRefused("plan_not_for_line")
    offer = taxed(offer, treatment_for(wish.account_id, now))
    total_minor = price_of(offer).total_minor
    if wish.expected not in (None, (total_minor, offer.currency)):
        raise FlowRefused("price_changed", total_minor=total_minor)
    return offer


def _facts(enabled: bool, plan_id: int, lead_days: int | None) -> dict[str, Any]:
    return {"enabled": enabled, "plan_id": plan_id, "lead_days": lead_days}


def _charged(method_id: UUID | None) -> dict[str, Any]:
    return {"method_id": str(method_id)} if method_id else {}


def _agreed(offer: PlanOffer | None) -> dict[str, Any]:
    """The price that the holder said yes to, for whoever asks later."""
    if offer is None:
        return {}
    return {"total_minor": price_of(offer).total_minor, "currency": offer.currency}
