"""Reads a purchase as its buyer sees it before paying: numbers, SIMs, the whole order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.catalog import queries as catalog
from keepline.catalog.models import Carrier, Plan
from keepline.catalog.queries import PlanOffer
from keepline.core.lifecycle.line import LineState
from keepline.core.lifeline import Lifeline, lifeline_of
from keepline.core.money import Money
from keepline.core.parts import SimKind
from keepline.flows import buy_line
from keepline.flows.buy_line import PurchasePreview
from keepline.flows.hold_number import HeldNumber
from keepline.flows.list_exchanges import ExchangeOffer, list_exchanges
from keepline.flows.list_numbers import FreeNumber, free_numbers, serving
from keepline.flows.list_shop import Hindrance, hindrance_of, stocked_of
from keepline.flows.list_ways_to_pay import list_ways_to_pay, step_on_offer
from keepline.flows.show_renewal import PayOption, pay_options, works
from keepline.gateways import switchboard
from keepline.inventory import offering
from keepline.inventory.models import StockKind
from keepline.inventory.offering import Shelf
from keepline.payments import methods


@dataclass(frozen=True, slots=True)
class SimChoice:
    """A kind of SIM that will do for the plan, and whether any is there."""

    kind: SimKind
    stocked: bool


@dataclass(frozen=True, slots=True)
class CarrierChoice:
    """A carrier of the plan, and whether all that a line on it needs is there."""

    carrier: Carrier
    stocked: bool


@dataclass(frozen=True, slots=True)
class Purchase:
    """The order as it would be accepted now.

    `carriers`: among which the buyer chooses; empty where the plan has not several.

    `kept`: the number that is held for the buyer, None while none is. `numbers`: free ones to
    choose from, while none is kept. `countries`: of which countries there are numbers.
    `bringable`: a number may come along from another operator.
    """

    preview: PurchasePreview
    plan: Plan
    lifeline: Lifeline | None
    time_zone: str
    grace_rule: str
    kept: HeldNumber | None
    numbers: Sequence[FreeNumber]
    countries: Sequence[str]
    sims: Sequence[SimChoice]
    carriers: Sequence[CarrierChoice]
    hindrance: Hindrance
    options: Sequence[PayOption]
    bringable: bool

    @property
    def shows_used(self) -> bool:
        """Whether somebody has had one of the numbers before."""
        return any(each.unused_since for each in self.numbers)

    @property
    def offers_esim(self) -> bool:
        """Whether the line may come with an eSIM."""
        return any(each.kind == "profile" and each.stocked for each in self.sims)


@dataclass(frozen=True, slots=True)
class _Shelves:
    """What serves the plan. `every`: all pools; `numbers`: those that fit it best and have any."""

    every: Sequence[Shelf]
    serving: Sequence[Shelf]
    numbers: Sequence[Shelf]
    sims: Sequence[SimChoice]

    @property
    def stocked(self) -> list[tuple[str, bool]]:
        """By kind of stock, as `hindrance_of` takes it."""
        sims = [(each.kind, each.stocked) for each in self.sims]
        return [("number", bool(self.numbers)), *sims]


def show_purchase(
    account_id: UUID,
    plan_code: str,
    now: datetime,
    e164: int | None = None,
    country: str = "",
    page: int = 0,
    bring: bool = False,
) -> Purchase:
    """`e164`: the number that the buyer holds, if any. `country`, `page`: of numbers to choose.
    `bring`: the buyer brings one.

    Raises FlowRefused: plan_not_sold, no_network. Want of stock is told as `hindrance`. The
    number of queries does not grow.
    """
    account = accounts.account(account_id)
    preview = buy_line.preview(account_id, plan_code, account.currency, "part", now)
    bringable = preview.parts.number and all(map(switchboard.has, ("porting", "network")))
    bring = bring and bringable
    plan = catalog.plans_among({preview.offer.plan_id})[preview.offer.plan_id]
    shelves = _shelves(preview.offer, preview.parts.sims, now)
    held = _kept(e164, account_id, shelves, now) if preview.parts.number else None
    kept, kept_in = held or (None, None)
    shown = preview.parts.number and kept is None and not bring
    carriers = _carriers(preview, plan, shelves.every, kept_in, bring)
    policy = catalog.policies_among({preview.offer.policy_id})[preview.offer.policy_id]
    end_at = preview.decision.period.end_at
    return Purchase(
        preview=preview,
        plan=plan,
        lifeline=lifeline_of(
            LineState.ACTIVE, now, end_at, policy, now, has_number=preview.parts.number
        ),
        time_zone=account.time_zone,
        grace_rule=policy.grace_rule,
        kept=kept,
        numbers=free_numbers(shelves.numbers, account_id, country, page) if shown else [],
        countries=sorted({shelf.country for shelf in shelves.numbers if shelf.country}),
        sims=shelves.sims,
        carriers=carriers,
        hindrance=_hindrance(preview, shelves, carriers, kept is not None or bring),
        bringable=bringable,
        options=_options(account_id, preview, now),
    )


def _carriers(
    preview: PurchasePreview, plan: Plan, every: Sequence[Shelf], kept_in: int | None, bring: bool
) -> list[CarrierChoice]:
    """Those of a plan with several. A number that is kept leaves those that its pool serves."""
    if len(plan.behind) <= 1:
        return []
    parts, countries = preview.parts, plan.region.countries if plan.region else ()
    found = []
    for carrier in plan.behind:
        there = dict(stocked_of(every, parts, [carrier.id], countries))
        if kept_in is not None:
            pools = offering.serving(every, StockKind.NUMBER, [carrier.id], countries)
            there["number"] = kept_in in {pool.id for pool in pools}
        there["number"] = there["number"] or bring
        lacking = hindrance_of(parts, preview.offer.delivery, there.items())
        found.append(CarrierChoice(carrier, not lacking))
    return found


def _hindrance(
    preview: PurchasePreview, shelves: _Shelves, carriers: Sequence[CarrierChoice], kept: bool
) -> Hindrance:
    """Who holds a number, or brings one, does not mind that it was the last one."""
    there = [*shelves.stocked, ("number", kept)]
    lacking = hindrance_of(preview.parts, preview.offer.delivery, there)
    nobody = carriers and not any(each.stocked for each in carriers)
    return lacking or ("sold_out" if nobody else "")


def _shelves(offer: PlanOffer, kinds: Sequence[SimKind], now: datetime) -> _Shelves:
    every = offering.shelves(now)
    numbers = serving(offer, "number", every)
    return _Shelves(
        every=every,
        serving=numbers,
        numbers=offering.most_fitting(numbers),
        sims=[
            SimChoice(kind, any(s.stocked for s in serving(offer, kind, every))) for kind in kinds
        ],
    )


def _kept(
    e164: int | None, account_id: UUID, shelves: _Shelves, now: datetime
) -> tuple[HeldNumber, int] | None:
    """The number that the buyer holds, and its pool."""
    found = offering.kept_until(e164, account_id, now) if e164 else None
    if e164 is None or found is None or found[0] not in {s.id for s in shelves.serving}:
        return None
    return HeldNumber(e164, found[1]), found[0]


def _options(account_id: UUID, preview: PurchasePreview, now: datetime) -> Sequence[PayOption]:
    quote = preview.decision.quote

    def exchanges_for(payment_minor: int) -> list[ExchangeOffer]:
        return list_exchanges(account_id, Money(payment_minor, quote.currency), now)

    return pay_options(
        quote.total_minor,
        preview.wallet_free_minor,
        list_ways_to_pay(account_id, quote.currency),
        [each for each in methods.methods_of(account_id) if works(each, now)],
        exchanges_for,
        step_on_offer(quote.currency),
    )
