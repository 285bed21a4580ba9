"""What the renewing statement is told: what each plan renews with, and every agenda.

Policy, price and tax are decided here, once for all lines, by the same functions as one renewal's.
Tax by kind: 0 is what holds where no country is known, the others are the different taxes of the
holders' countries, few of which differ. The statement finds a line's kind by its holder's country.
"""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from keepline.catalog import queries as catalog
from keepline.catalog.queries import Tariff
from keepline.catalog.taxes import taxed_tariff, treatments
from keepline.core.agenda import agenda
from keepline.core.allowances import NOTHING
from keepline.core.lifecycle.line import LineState
from keepline.core.postings import HouseCode, house_account_id
from keepline.core.pricing import price_of
from keepline.core.taxes import Treatment
from keepline.slots.sql import array

NO_LEAD = -1
TARIFF_COLUMNS = (
    "mode",
    "plan",
    "currency",
    "tax_kind",
    "target",
    "subtotal",
    "discount",
    "tax",
    "tax_country",
    "tax_rate",
    "tax_inclusive",
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


def parameters(now: datetime) -> dict[str, str]:
    """The statement's tables as arrays, written as PostgreSQL does; made anew when the catalogue or
    a tax has changed."""
    return _parameters(catalog.edition(), tuple(sorted(treatments(now).items())))


@lru_cache(maxsize=4)
def _parameters(
    edition: object,  # noqa: ARG001 - another one is made anew
    taxes: tuple[tuple[str, Treatment], ...],
) -> dict[str, str]:
    by_country = dict(taxes)
    everywhere = by_country.pop("", None)
    kinds = list({(one.rate_ppm, one.inclusive): one for one in by_country.values()}.values())
    rows = [
        _row(taxed_tariff(tariff, tax), kind)
        for tariff in catalog.tariffs().values()
        for kind, tax in enumerate([everywhere, *kinds])
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in TARIFF_COLUMNS]
    tables = dict(zip(TARIFF_COLUMNS, columns, strict=True))
    lists = {**tables, **_kinds(by_country, kinds), **_agendas()}
    return {name: array(values) for name, values in lists.items()}


def _kinds(by_country: Mapping[str, Treatment], kinds: list[Treatment]) -> dict[str, Any]:
    """Each country's kind of tax; countries of one kind differ in nothing but their name."""
    place = {(one.rate_ppm, one.inclusive): kind for kind, one in enumerate(kinds, 1)}
    return {
        "taxed_countries": list(by_country),
        "their_kinds": [place[one.rate_ppm, one.inclusive] for one in by_country.values()],
    }


def mode_of(tariff: Tariff | None) -> str:
    """How a line renews by itself: in the sweep, alone (the network is told), or not unasked."""
    if tariff is None or tariff.offer is None or tariff.consent_needed:
        return CONSENT
    pinned, offer = tariff.pinned, tariff.offer
    fits = offer.line_kind == pinned.line_kind and _serves_all(offer.carriers, pinned.carriers)
    return SWEPT if fits and offer.delivery == "ledger" else ALONE


def _serves_all(carriers: Collection[int], before: Collection[int]) -> bool:
    """Whether whoever could live on a plan with the carriers `before` can live on one with these.

    Where some could not, each line is looked at on its own (core.renewal.is_served).
    """
    return not carriers or (bool(before) and set(before) <= set(carriers))


def _row(tariff: Tariff, kind: int) -> tuple[Any, ...]:
    offer, currency = tariff.offer or tariff.pinned, tariff.currency
    price = price_of(offer)
    allowance = offer.allowance
    return (
        mode_of(tariff),
        tariff.pinned.plan_id,
        currency,
        kind,
        offer.plan_id,
        price.subtotal_minor,
        price.discount_minor,
        price.tax_minor,
        price.tax_country,
        price.tax_rate_ppm,
        price.tax_inclusive,
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
