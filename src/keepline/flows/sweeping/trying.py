"""One line's try to renew, by renew_line: for those that the sweep's statement hands on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

import structlog

from keepline.catalog.taxes import tariff_for
from keepline.core.agenda import Due, Step
from keepline.core.lifecycle.order import OrderState
from keepline.core.pricing import price_of
from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.sweeping.renewing import Refusal
from keepline.ledger import queries as ledger
from keepline.lines import clock, due
from keepline.lines import queries as lines
from keepline.lines.due import DueLine
from keepline.orders import queries as orders
from keepline.payments import methods
from keepline.payments.methods import MethodFacts

log = structlog.get_logger(__name__)
ACTOR = "worker"
# What a refusal of the per-line way means for a try; any other is asked again a little later.
REFUSALS: dict[str, Refusal | Literal["not_taken"]] = {
    "wallet_short": "short",
    "provider_unknown": "not_taken",  # such an amount, in such a currency
    "method_unusable": "short",
    "plan_not_for_line": "consent",
    "price_changed": "consent",
    "state_refuses": "consent",
    "no_network": "no_network",
}


def usable_methods(found: Sequence[DueLine]) -> dict[UUID, MethodFacts]:
    """By line, the saved method that pays when its wallet is short."""
    named = lines.methods_among([line.id for line in found])
    saved = methods.methods_among(set(named.values()))
    return {
        line_id: saved[method_id]
        for line_id, method_id in named.items()
        if method_id in saved and saved[method_id].usable
    }


def try_alone(line: DueLine, method: MethodFacts | None, now: datetime) -> Refusal | None:
    """One try by renew_line, under a key of this line's try; why it was refused, if it was.

    The wallet pays first. What it lacks may be less than the method's provider takes: then the
    method pays all of it.
    """
    currency = ledger.currency_of(line.wallet_id)
    tariff = tariff_for(line.account_id, line.plan_id, currency, now)
    if tariff is None or tariff.offer is None or tariff.consent_needed:
        return "consent"
    request = renew_line.RenewalRequest(
        account_id=line.account_id,
        line_id=line.id,
        plan_code=tariff.offer.code,
        currency=currency,
        use_wallet="part" if method else "only",
        provider=method.provider if method else None,
        key=f"auto:{line.id.hex[-12:]}:{int(line.due_at.timestamp())}",
        expected_total_minor=price_of(tariff.offer).total_minor,
        actor=ACTOR,
        channel=orders.BY_CLOCK,
        method_id=method.id if method else None,
    )
    refusal = _start(line, request, now)
    if method and refusal == "not_taken":
        refusal = _start(line, replace(request, use_wallet="none"), now)
    return "short" if refusal == "not_taken" else refusal


def _start(
    line: DueLine, request: renew_line.RenewalRequest, now: datetime
) -> Refusal | Literal["not_taken"] | None:
    try:
        started = renew_line.start(request, now)
    except FlowRefused as refused:
        if refused.code == "no_network":
            log.error("sweep_needs_a_network", line=str(line.id))
        return REFUSALS.get(refused.code, "under_way")
    if started.state is not OrderState.COMPLETED:
        due.plan([(line, clock.after(line, Due(now, Step.RENEW), now))])
    return None
