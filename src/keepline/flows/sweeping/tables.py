"""What the renewing statement is told: what each plan renews with, and every agenda.

Policy and price are decided here, once for all lines, by the same functions as one renewal's.
"""

import json
from functools import lru_cache
from typing import Any

from keepline.catalog import queries as catalog
from keepline.catalog.queries import Tariff
from keepline.core.agenda import agenda
from keepline.core.allowances import NOTHING
from keepline.core.lifecycle.line import LineState
from keepline.core.postings import HouseCode, house_account_id
from keepline.core.pricing import price_of

NO_LEAD = -1
TARIFF_COLUMNS = (
    "mode",
    "plan",
    "currency",
    "target",
    "subtotal",
    "discount",
    "tax",
    "total",
    "months",
    "days",
    "data",
    "voice",
    "sms",
    "buckets",
    "proof",
    "deferred",
    "tax_account",
)
SWEPT, ALONE, CONSENT = "swept", "alone", "consent"


def parameters() -> dict[str, Any]:
    """The statement's tables as arrays; made anew when the catalogue has changed."""
    return _parameters(catalog.edition())


@lru_cache(maxsize=4)
def _parameters(edition: object) -> dict[str, Any]:  # noqa: ARG001 - another one is made anew
    rows = [_row(tariff) for tariff in catalog.tariffs().values()]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in TARIFF_COLUMNS]
    return {**dict(zip(TARIFF_COLUMNS, columns, strict=True)), **_agendas()}


def mode_of(tariff: Tariff | None) -> str:
    """How a line renews by itself: in the sweep, alone (the network is told), or not unasked."""
    if tariff is None or tariff.offer is None or tariff.dearer:
        return CONSENT
    pinned, offer = tariff.pinned, tariff.offer
    fits = offer.line_kind == pinned.line_kind and offer.carrier_id in (None, pinned.carrier_id)
    return SWEPT if fits and offer.delivery == "ledger" else ALONE


def _row(tariff: Tariff) -> tuple[Any, ...]:
    offer, currency = tariff.offer or tariff.pinned, tariff.currency
    price = price_of(offer)
    allowance = offer.allowance
    return (
        mode_of(tariff),
        tariff.pinned.plan_id,
        currency,
        offer.plan_id,
        price.subtotal_minor,
        price.discount_minor,
        price.tax_minor,
        price.total_minor,
        offer.term.months,
        offer.term.days,
        allowance.data_bytes,
        allowance.voice_seconds,
        allowance.sms_count,
        allowance != NOTHING,
        json.dumps({"plan": offer.code, "network": {"outcome": "unchanged"}}),
        house_account_id(HouseCode.DEFERRED_REVENUE, currency),
        house_account_id(HouseCode.TAX_PAYABLE, currency),
    )


def _agendas() -> dict[str, Any]:
    """Each policy's agenda of an active line that renews by itself, for every lead in use."""
    policies, leads, offsets, steps, from_expiry = [], [], [], [], []
    for rules in catalog.all_policies():
        for lead in (None, *range(max(1, -min(rules.agenda.retry_days, default=0) + 1))):
            entries = agenda(rules.agenda, LineState.ACTIVE, auto_renew=True, lead_days=lead)
            policies.append(rules.policy_id)
            leads.append(NO_LEAD if lead is None else lead)
            # Hours, not days: a day's length would depend on the session's time zone.
            offsets.append("{" + ",".join(f"{24 * e.offset_days}:00:00" for e in entries) + "}")
            steps.append("{" + ",".join(str(int(e.step)) for e in entries) + "}")
            from_expiry.append(rules.grace_rule == "from_expiry")
    return {
        "policies": policies,
        "leads": leads,
        "offsets": offsets,
        "steps": steps,
        "from_expiry": from_expiry,
    }
