"""Writes of the catalogue. A plan that was sold is never edited: a change makes a version."""

from collections.abc import Mapping
from datetime import datetime

from django.forms.models import model_to_dict

from keepline.catalog import queries
from keepline.catalog.models import Carrier, LoadedPreset, Plan, PlanPrice, Policy, Region
from keepline.catalog.reading import CatalogFile, PlanFacts

PROMISE_SECONDS = 600


def load(catalog: CatalogFile, digest: str, now: datetime) -> list[str]:
    """Enters a checked file; returns the codes of plans that got a new version. Idempotent."""
    for carrier in catalog.carriers:
        Carrier.objects.update_or_create(
            code=carrier["code"],
            defaults={"name": carrier["name"], "country": carrier["country"]},
        )
    for region in catalog.regions:
        Region.objects.update_or_create(
            code=region["code"],
            defaults={"name": region["name"], "countries": region["countries"]},
        )
    policy = _policy(catalog, now)
    changed = [plan.code for plan in catalog.plans if _enter_plan(catalog.code, plan, policy, now)]
    LoadedPreset.objects.update_or_create(
        code=catalog.code, defaults={"digest": digest, "loaded_at": now}
    )
    queries.forget()
    return changed


def _policy(catalog: CatalogFile, now: datetime) -> Policy:
    """The newest version of the file's policy, made when the file says something new."""
    facts = {"promise_seconds": PROMISE_SECONDS} | catalog.policy
    newest = Policy.objects.filter(code=facts["code"]).order_by("-version").first()
    if newest is not None and facts.items() <= model_to_dict(newest).items():
        return newest
    version = newest.version + 1 if newest else 1
    return Policy.objects.create(version=version, since_at=now, **facts)


def _enter_plan(kind: str, facts: PlanFacts, policy: Policy, now: datetime) -> bool:
    known = dict(Carrier.objects.filter(code__in=facts.carriers).values_list("code", "id"))
    carriers = [known[code] for code in facts.carriers]
    region = Region.objects.get(code=facts.region) if facts.region else None
    values = {
        "line_kind": kind,
        "name": facts.name,
        "conditions": facts.conditions,
        "carrier_id": carriers[0] if len(carriers) == 1 else None,
        "carrier_ids": carriers if len(carriers) > 1 else [],
        "keeps_profiles": facts.keeps_profiles,
        "region_id": region and region.id,
        "policy_id": policy.id,
        "term": facts.term,
        **facts.allowance.as_facts(),
        "delivery": facts.delivery,
        "tax_rate_ppm": facts.tax_rate_ppm,
        "tax_inclusive": facts.tax_inclusive,
    }
    newest = Plan.objects.filter(code=facts.code).order_by("-version").first()
    if newest is not None and newest.sold_until_at is None and _same(newest, values, facts.prices):
        return False
    version = newest.version + 1 if newest else 1
    Plan.objects.filter(code=facts.code, sold_until_at__isnull=True).update(sold_until_at=now)
    made = Plan.objects.create(code=facts.code, version=version, sold_from_at=now, **values)
    PlanPrice.objects.bulk_create(
        PlanPrice(plan=made, currency=currency, price_minor=price_minor)
        for currency, price_minor in facts.prices.items()
    )
    return True


def _same(plan: Plan, values: Mapping[str, object], prices: dict[str, int]) -> bool:
    held = dict(plan.prices.values_list("currency", "price_minor"))
    return held == prices and all(getattr(plan, name) == value for name, value in values.items())
