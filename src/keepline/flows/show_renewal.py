"""Reads a renewal as its holder sees it before paying: plans, the whole order, ways to pay."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.core.exchange import Exchange
from keepline.core.money import Money
from keepline.core.pricing import split_funding
from keepline.core.renewal import UseWallet
from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.list_exchanges import ExchangeOffer, list_exchanges
from keepline.flows.list_plans import PlanChoice, PlanChoices, list_plans
from keepline.flows.list_ways_to_pay import WaysFor, list_ways_to_pay, step_on_offer
from keepline.flows.renew_line import RenewalPreview
from keepline.flows.show_lines import LineCard, card
from keepline.payments import methods
from keepline.payments.methods import MethodFacts


@dataclass(frozen=True, slots=True)
class PayOption:
    """One way to pay the whole; `provider` is None when the wallet pays alone.

    `method`: a saved one that is charged at once; None leads on to the checkout. `exchange`: what
    the provider's part comes to in another currency, None in the price's own.
    """

    use_wallet: UseWallet
    provider: str | None
    wallet_minor: int
    payment_minor: int
    methods: Sequence[str] = ()
    method: MethodFacts | None = None
    exchange: Exchange | None = None

    @property
    def code(self) -> str:
        """What the form sends: part:sandbox, part:sandbox:ID-OF-A-SAVED-METHOD, or, in another
        currency, part:sandbox:EUR:921."""
        code = f"{self.use_wallet}:{self.provider or ''}"
        if self.exchange:
            return f"{code}:{self.exchange.paid.currency}:{self.exchange.paid.amount_minor}"
        return f"{code}:{self.method.id}" if self.method else code


@dataclass(frozen=True, slots=True)
class RenewalOrder:
    """The order as it would be accepted now; `line` is drawn with the piece it adds."""

    choice: PlanChoice
    preview: RenewalPreview
    options: Sequence[PayOption]
    line: LineCard


def show_renewal(
    line_id: UUID, account_id: UUID, plan_code: str, now: datetime
) -> tuple[PlanChoices, RenewalOrder | None]:
    """The plans, and the order for `plan_code` ("" for none chosen yet).

    Raises FlowRefused: not_found, or what `renew_line.start` would refuse.
    """
    choices = list_plans(line_id, account_id, now)
    if not plan_code:
        return choices, None
    preview = renew_line.preview(account_id, line_id, plan_code, choices.currency, "part", now)
    choice = next((c for c in choices.choices if c.offer.code == plan_code), None)
    if choice is None:
        raise FlowRefused("plan_not_for_line")
    quote = preview.decision.quote

    def exchanges_for(payment_minor: int) -> list[ExchangeOffer]:
        return list_exchanges(account_id, Money(payment_minor, quote.currency), now)

    return choices, RenewalOrder(
        choice=choice,
        preview=preview,
        options=pay_options(
            quote.total_minor,
            preview.wallet_free_minor,
            list_ways_to_pay(account_id, choices.currency),
            [each for each in methods.methods_of(account_id) if works(each, now)],
            exchanges_for,
            step_on_offer(quote.currency),
        ),
        line=card(choices.row, choices.around, now, preview.decision.period.end_at),
    )


def works(method: MethodFacts, now: datetime) -> bool:
    """Whether a saved method can be charged now."""
    return method.usable and not method.ends_before(now)


def pay_options(
    total_minor: int,
    free_minor: int,
    ways_for: WaysFor,
    saved: Sequence[MethodFacts] = (),
    exchanges_for: Callable[[int], Sequence[ExchangeOffer]] = lambda _minor: (),
    step_minor: int = 1,
) -> Sequence[PayOption]:
    """The wallet first when it suffices; else part of each; a provider alone always.

    Of what a provider takes, saved methods come before its checkout, other currencies after it.
    `step_minor`: what the provider's part should be a multiple of (core.pricing.split_funding).
    """
    modes: list[UseWallet] = ["part", "none"] if 0 < free_minor < total_minor else ["none"]
    options = []
    if free_minor >= total_minor:
        options.append(PayOption("only", None, total_minor, 0))
    for mode in modes if total_minor else ():
        funding = split_funding(total_minor, free_minor, mode, step_minor)
        if mode == "part" and not funding.wallet_minor:  # all of it went into evening out
            continue
        parts = (funding.wallet_minor, funding.payment_minor)
        ways = ways_for(funding.payment_minor)
        options += [
            PayOption(mode, way.provider, *parts, method=each)
            for each in saved
            for way in ways
            if way.provider == each.provider and each.kind in way.methods
        ]
        options += [PayOption(mode, way.provider, *parts, way.methods) for way in ways]
        options += [
            PayOption(mode, way.provider, *parts, way.methods, exchange=offer.exchange)
            for offer in exchanges_for(funding.payment_minor)
            for way in offer.ways
        ]
    return options
