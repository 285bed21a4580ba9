"""Reads of the catalogue.

A plan's version and its prices never change once sold, so an offer, once read, is true for as
long as the process lives: the hot path of a renewal asks the database for none of it. What can
change is which version is on sale; that is believed for ON_SALE_FOR at most.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, cast

from django.db.models import Count, Q, QuerySet

from keepline.catalog.models import Carrier, Plan, PlanPrice, Policy, Region
from keepline.core.agenda import AgendaRules
from keepline.core.allowances import Allowance
from keepline.core.pricing import price_of
from keepline.core.renewal import GraceService, is_served
from keepline.core.terms import GraceRule, Term
from keepline.slots.sql import fetch_one

ON_SALE_FOR = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class PolicyValues:
    """The clock's rules of one policy version, in days and seconds."""

    policy_id: int
    grace_days: int
    suspended_days: int
    reclaim_days: int
    quarantine_days: int
    grace_rule: GraceRule
    grace_service: GraceService
    promise_seconds: int
    notice_required: bool
    reclaim_fee_minor: Mapping[str, int]
    number_change_fee_minor: Mapping[str, int]
    number_change_days: int
    sim_swap_fee_minor: Mapping[str, int]
    message_days: int
    message_days_most: int
    carrier_switch_fee_minor: Mapping[str, int]
    carrier_switch_days: int
    port_out_after_days: int
    port_out_wait_hours: int
    port_out_code_days: int
    port_out_notice_hours: int
    quiet_days: int
    quiet_days_most: int
    identity_check: Literal["none", "before_sale"]
    agenda: AgendaRules
    source: str


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """One version of a plan at its price in one currency."""

    plan_id: int
    code: str
    version: int
    line_kind: str
    name: dict[str, str]
    conditions: dict[str, str]
    carriers: tuple[int, ...]  # those behind it, the first to be sold first; empty: it names none
    region_id: int | None
    policy_id: int
    promise_seconds: int
    term: Term
    allowance: Allowance
    delivery: Literal["ledger", "network"]
    currency: str
    price_minor: int
    tax_rate_ppm: int
    tax_inclusive: bool
    tax_country: str = ""  # whose rate it is; "" for the plan's own (catalog.taxes)

    @property
    def carrier_id(self) -> int | None:
        """The carrier of its lines, where there is one alone."""
        return self.carriers[0] if len(self.carriers) == 1 else None


@lru_cache(maxsize=1024)
def policy_values(policy_id: int) -> PolicyValues:
    """One version of a policy. Raises Policy.DoesNotExist."""
    return policy_of(Policy.objects.get(id=policy_id))


def policy_of(row: Policy) -> PolicyValues:
    """The values of a version that was read."""
    return PolicyValues(
        policy_id=row.id,
        grace_days=row.grace_days,
        suspended_days=row.suspended_days,
        reclaim_days=row.reclaim_days,
        quarantine_days=row.quarantine_days,
        grace_rule=cast("GraceRule", row.grace_rule),
        grace_service=cast("GraceService", row.grace_service),
        promise_seconds=row.promise_seconds,
        notice_required=row.notice_required,
        reclaim_fee_minor=row.reclaim_fee_minor,
        number_change_fee_minor=row.number_change_fee_minor,
        number_change_days=row.number_change_days,
        sim_swap_fee_minor=row.sim_swap_fee_minor,
        message_days=row.message_days,
        message_days_most=row.message_days_most,
        carrier_switch_fee_minor=row.carrier_switch_fee_minor,
        carrier_switch_days=row.carrier_switch_days,
        port_out_after_days=row.port_out_after_days,
        port_out_wait_hours=row.port_out_wait_hours,
        port_out_code_days=row.port_out_code_days,
        port_out_notice_hours=row.port_out_notice_hours,
        quiet_days=row.quiet_days,
        quiet_days_most=row.quiet_days_most,
        identity_check=cast("Literal['none', 'before_sale']", row.identity_check),
        agenda=AgendaRules(
            row.grace_days,
            row.suspended_days,
            tuple(row.retry_days),
            tuple(row.remind_before_expiry_days),
            tuple(row.remind_after_expiry_days),
            tuple(row.remind_before_withdrawal_days),
        ),
        source=row.source,
    )


@lru_cache(maxsize=8192)
def plan_offer(plan_id: int, currency: str) -> PlanOffer:
    """A version of a plan, on sale or not. Raises PlanPrice.DoesNotExist."""
    row = PlanPrice.objects.select_related("plan__policy").get(plan_id=plan_id, currency=currency)
    return offer_of(row)


def offer_of(row: PlanPrice) -> PlanOffer:
    """The offer of a price row that was read with its plan and policy."""
    plan: Plan = row.plan
    return PlanOffer(
        plan_id=plan.id,
        code=plan.code,
        version=plan.version,
        line_kind=plan.line_kind,
        name=plan.name,
        conditions=plan.conditions,
        carriers=carriers_of(plan),
        region_id=plan.region_id,
        policy_id=plan.policy_id,
        promise_seconds=plan.policy.promise_seconds,
        term=Term.parse(plan.term),
        allowance=Allowance(plan.data_bytes, plan.voice_seconds, plan.sms_count),
        delivery=cast("Literal['ledger', 'network']", plan.delivery),
        currency=row.currency,
        price_minor=row.price_minor,
        tax_rate_ppm=plan.tax_rate_ppm,
        tax_inclusive=plan.tax_inclusive,
    )


def carriers_of(plan: Plan) -> tuple[int, ...]:
    """Ids of the carriers behind a plan, the first to be sold first."""
    return tuple(plan.carrier_ids) or ((plan.carrier_id,) if plan.carrier_id else ())


def offer_on_sale(code: str, currency: str, now: datetime) -> PlanOffer | None:
    """The version of `code` that is on sale at `now`, in `currency`; None when there is none."""
    plan_id = _plan_on_sale(code, currency, _moment(now))
    if plan_id is None:
        return None
    return plan_offer(plan_id, currency)


def _moment(now: datetime) -> int:
    """Counts spans of ON_SALE_FOR: an older answer is not asked for again."""
    return int(now.timestamp()) // int(ON_SALE_FOR.total_seconds())


@lru_cache(maxsize=8192)
def _plan_on_sale(code: str, currency: str, moment: int) -> int | None:  # noqa: ARG001
    return (
        PlanPrice.objects.filter(
            plan__code=code, currency=currency, plan__sold_until_at__isnull=True
        )
        .order_by("-plan__version")
        .values_list("plan_id", flat=True)
        .first()
    )


@lru_cache(maxsize=1024)
def countries_of(region_id: int | None) -> tuple[str, ...]:
    """Where plans of the region are valid, ISO 3166-1 alpha-2; none for a plan without a region."""
    if region_id is None:
        return ()
    return tuple(Region.objects.values_list("countries", flat=True).get(id=region_id))


def currencies_on_sale(now: datetime) -> tuple[str, ...]:
    """What the plans on sale are priced in, ISO 4217, that of most of them first.

    Empty without a catalogue. One query in ON_SALE_FOR.
    """
    return _currencies_on_sale(_moment(now))


@lru_cache(maxsize=64)
def _currencies_on_sale(moment: int) -> tuple[str, ...]:  # noqa: ARG001
    prices = PlanPrice.objects.filter(plan__sold_until_at__isnull=True).values("currency")
    by_plans = prices.annotate(plans=Count("id")).order_by("-plans", "currency")
    return tuple(by_plans.values_list("currency", flat=True))


def offers_for(
    line_kind: str, carrier_id: int | None, currency: str, now: datetime
) -> list[PlanOffer]:
    """What may renew a line of this kind and carrier, cheapest first. One query."""
    rows = (
        PlanPrice.objects.select_related("plan__policy")
        .filter(
            Q(plan__carrier_id=carrier_id) | Q(plan__carrier__isnull=True),
            plan__line_kind=line_kind,
            currency=currency,
            plan__sold_from_at__lte=now,
            plan__sold_until_at__isnull=True,
        )
        .order_by("price_minor", "plan_id")
    )
    offers = [offer_of(row) for row in rows]
    return [offer for offer in offers if is_served(offer.carriers, carrier_id)]


def offers_on_sale(
    currency: str, line_kind: str | None, now: datetime, limit: int, after_plan_id: int = 0
) -> list[PlanOffer]:
    """What is on sale in `currency` (for one kind of line), by plan id. One query."""
    rows = PlanPrice.objects.select_related("plan__policy").filter(
        currency=currency,
        plan_id__gt=after_plan_id,
        plan__sold_from_at__lte=now,
        plan__sold_until_at__isnull=True,
    )
    if line_kind is not None:
        rows = rows.filter(plan__line_kind=line_kind)
    return [offer_of(row) for row in rows.order_by("plan_id")[:limit]]


def kinds_on_sale() -> set[str]:
    """The kinds of line that any plan on sale is for, in whatever currency. One query."""
    plans = Plan.objects.filter(sold_until_at__isnull=True)
    return set(plans.order_by().values_list("line_kind", flat=True).distinct())


def plans_among(plan_ids: Collection[int]) -> dict[int, Plan]:
    """Plans by id with carriers and region, on sale or not. One query, one more where any has
    several carriers."""
    rows = list(Plan.objects.select_related("carrier", "region").filter(id__in=plan_ids))
    several = {carrier_id for row in rows for carrier_id in row.carrier_ids}
    carriers = carriers_among(several) if several else {}
    for row in rows:
        one = (row.carrier,) if row.carrier else ()
        row.behind = tuple(carriers[each] for each in row.carrier_ids) or one
    return {row.id: row for row in rows}


def carriers_among(carrier_ids: Collection[int]) -> dict[int, Carrier]:
    """Carriers by id. One query."""
    return Carrier.objects.in_bulk(carrier_ids)


def policies_among(policy_ids: Collection[int]) -> dict[int, Policy]:
    """Versions of policies by id. One query."""
    return Policy.objects.in_bulk(policy_ids)


def all_on_sale() -> list[tuple[PlanOffer, frozenset[str]]]:
    """Every plan on sale, once, with the currencies it has a price in. One query."""
    rows = PlanPrice.objects.select_related("plan__policy").filter(plan__sold_until_at__isnull=True)
    offers: dict[str, PlanOffer] = {}
    currencies: dict[str, set[str]] = {}
    for row in rows.order_by("plan__version"):
        offers[row.plan.code] = offer_of(row)
        currencies.setdefault(row.plan.code, set()).add(row.currency)
    return [(offer, frozenset(currencies[code])) for code, offer in offers.items()]


@dataclass(frozen=True, slots=True)
class Tariff:
    """With what a line that is pinned to one version of a plan renews by itself, in one currency.

    `offer` is the version on sale, None when there is none.
    """

    pinned: PlanOffer
    offer: PlanOffer | None

    @property
    def consent_needed(self) -> bool:
        """Whether the holder must be asked before the line renews: it is not what was agreed to."""
        return self.offer is None or self.dearer or self.gives_less

    @property
    def dearer(self) -> bool:
        """Whether it costs more than the pinned one."""
        agreed_minor = price_of(self.pinned).total_minor
        return self.offer is not None and price_of(self.offer).total_minor > agreed_minor

    @property
    def gives_less(self) -> bool:
        """Whether its term is shorter, or there is less in it, whatever it costs."""
        if (offer := self.offer) is None:
            return False
        shorter = offer.term.shorter_than(self.pinned.term)
        return shorter or not offer.allowance.covers(self.pinned.allowance)

    @property
    def currency(self) -> str:
        """ISO 4217."""
        return self.pinned.currency


def tariffs() -> dict[tuple[int, str], Tariff]:
    """By plan version and currency, every version that was ever sold. One query."""
    return _tariffs(PlanPrice.objects.all())


def tariffs_among(plan_ids: Collection[int]) -> dict[tuple[int, str], Tariff]:
    """The same, for these versions and their sisters. One query."""
    codes = Plan.objects.filter(id__in=plan_ids).values("code")
    return _tariffs(PlanPrice.objects.filter(plan__code__in=codes))


def tariff_of(plan_id: int, currency: str, now: datetime) -> Tariff | None:
    """The same for one version, out of what is believed; None when it has no such price."""
    try:
        pinned = plan_offer(plan_id, currency)
    except PlanPrice.DoesNotExist:
        return None
    offer = offer_on_sale(pinned.code, currency, now)
    return Tariff(pinned, offer)


def _tariffs(prices: QuerySet[PlanPrice]) -> dict[tuple[int, str], Tariff]:
    rows = prices.select_related("plan__policy").order_by("plan__version")
    offers = [(offer_of(row), row.plan.sold_until_at is None) for row in rows]
    on_sale = {(offer.code, offer.currency): offer for offer, sold in offers if sold}
    return {
        (one.plan_id, one.currency): Tariff(one, on_sale.get((one.code, one.currency)))
        for one, _ in offers
    }


EDITION = """
SELECT (SELECT max(id) FROM catalog_planprice) AS last_price,
       (SELECT max(id) FROM catalog_policy) AS last_policy,
       (SELECT count(*) FROM catalog_plan WHERE sold_until_at IS NULL) AS on_sale,
       (SELECT max(sold_until_at) FROM catalog_plan) AS last_sold_until
"""


def edition() -> object:
    """Equal as long as no version of a plan, price or policy came or went. One query."""
    return fetch_one(EDITION)


def all_policies() -> list[PolicyValues]:
    """Every version of every policy. One query."""
    return [policy_of(row) for row in Policy.objects.order_by("id")]


def policies_in_force() -> list[Policy]:
    """The newest version of each policy, by code. One query."""
    return list(Policy.objects.order_by("code", "-version").distinct("code"))


def carrier_ids() -> dict[str, int]:
    """Carriers by code. One query."""
    return dict(Carrier.objects.values_list("code", "id"))


def carrier_codes() -> dict[int, str]:
    """Codes of carriers by id, out of what is believed: a carrier keeps its code for good."""
    return _carrier_codes(Carrier.objects.count())


@lru_cache(maxsize=4)
def _carrier_codes(carriers: int) -> dict[int, str]:  # noqa: ARG001
    return {carrier_id: code for code, carrier_id in carrier_ids().items()}


def forget() -> None:
    """Drops what is cached; for tests and after a preset was loaded."""
    policy_values.cache_clear()
    plan_offer.cache_clear()
    _plan_on_sale.cache_clear()
    _currencies_on_sale.cache_clear()
    _carrier_codes.cache_clear()
