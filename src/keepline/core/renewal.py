"""The decision of a renewal, as one pure function.

A preview, an order and the sweep decide by this same function, so what was shown is what is
charged and given.

1. The plan must be for this kind of line and, if it names carriers, for its carrier.
2. The line must be in a state from which it can be renewed (core.lifecycle.line).
3. The price of one term, its tax and discount: core.pricing.quote.
4. The period: core.terms.next_period, by the line's frozen zone and the policy's grace rule.
5. The money: as much of the wallet as the holder said, the rest from the provider, if it can be in
   an amount that providers can take (core.pricing.split_funding).
6. The network is told when the plan's allowances live there, or when the line's service had
   been cut; otherwise nothing changes in it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from keepline.core.allowances import Allowance
from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.core.pricing import Funding, Priced, Quote, price_of, split_funding
from keepline.core.terms import GraceRule, Period, Term, next_period

UseWallet = Literal["none", "part", "only"]
GraceService = Literal["full", "inbound", "none"]


class Refused(Exception):
    """The renewal cannot be; `code` is one of flows.errors.CATALOGUE."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RuleFacts(Protocol):
    """What is read of the line's policy (catalog.queries.PolicyValues)."""

    @property
    def grace_rule(self) -> GraceRule: ...
    @property
    def grace_service(self) -> GraceService: ...


class LineFacts(Protocol):
    """What is read of the line (lines.services.LockedLine)."""

    @property
    def kind(self) -> str: ...
    @property
    def carrier_id(self) -> int | None: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def state(self) -> LineState: ...
    @property
    def valid_until(self) -> datetime | None: ...
    @property
    def anchor_at(self) -> datetime | None: ...
    @property
    def anchor_count(self) -> int: ...


class OfferFacts(Priced, Protocol):
    """What is read of the plan and its price (catalog.queries.PlanOffer)."""

    @property
    def line_kind(self) -> str: ...
    @property
    def carriers(self) -> Collection[int]: ...
    @property
    def term(self) -> Term: ...
    @property
    def allowance(self) -> Allowance: ...
    @property
    def delivery(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RenewalDecision:
    """What the renewal costs, gives and needs."""

    quote: Quote
    period: Period
    funding: Funding
    delivery: Literal["ledger", "network"]


def decide(
    line: LineFacts,
    offer: OfferFacts,
    rules: RuleFacts,
    use_wallet: UseWallet,
    wallet_free_minor: int,
    now: datetime,
    step_minor: int = 1,
) -> RenewalDecision:
    """Decides one renewal at `now`, the instant of acceptance. Raises Refused.

    `step_minor`: what the provider's part should be a multiple of.
    """
    if not fits(line, offer):
        raise Refused("plan_not_for_line")
    if LineEvent.RENEW not in LINE.allowed(line.state):
        raise Refused("state_refuses")
    price = price_of(offer)
    funding = split_funding(price.total_minor, wallet_free_minor, use_wallet, step_minor)
    if use_wallet == "only" and funding.payment_minor > 0:
        raise Refused("wallet_short")
    return RenewalDecision(
        quote=price,
        period=next_period(
            now=now,
            valid_until=line.valid_until,
            anchor_at=line.anchor_at,
            anchor_count=line.anchor_count,
            zone=line.time_zone,
            term=offer.term,
            grace_rule=rules.grace_rule,
        ),
        funding=funding,
        delivery="network" if offer.delivery == "network" or is_cut(line, rules) else "ledger",
    )


def fits(line: LineFacts, offer: OfferFacts) -> bool:
    """Whether a plan is for this kind of line and, if it names carriers, for its carrier."""
    return offer.line_kind == line.kind and is_served(offer.carriers, line.carrier_id)


def is_served(carriers: Collection[int], carrier_id: int | None) -> bool:
    """Whether a line on this carrier can live on a plan with these behind it (none: any).

    None is a carrier that nobody knows: it may be one of several, and is never a single one.
    """
    return not carriers or carrier_id in carriers or (carrier_id is None and len(carriers) > 1)


def is_cut(line: LineFacts, rules: RuleFacts) -> bool:
    """Whether service was taken from the line, so that the network must give it back."""
    if line.state is LineState.GRACE:
        return rules.grace_service != "full"
    return line.state is LineState.SUSPENDED
