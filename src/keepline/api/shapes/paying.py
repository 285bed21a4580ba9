"""A term of a plan that somebody pays for: what is asked for, and what is seen before."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from keepline.api.shapes.parts import Asked, AskedId, Code, Currency, Instant, Money, Shape, money
from keepline.api.shapes.plans import OfferedExchange, Price
from keepline.catalog.queries import PlanOffer
from keepline.core.renewal import RenewalDecision
from keepline.flows.list_exchanges import ExchangeOffer


class AskedTerm(Asked):
    """The plan, and how it shall be paid."""

    plan_code: Code
    currency: Currency | None = Field(None, description="The account's own when left out.")
    use_wallet: Literal["none", "part", "only"] = Field(
        "part",
        description="part: as much as is there, the rest from `provider`; only: all or nothing.",
    )


class PaidTerm(AskedTerm):
    """One that is paid for now."""

    provider: Code | None = Field(
        None, max_length=24, description="Who takes what the wallet does not pay."
    )
    payment_method_id: AskedId | None = Field(
        None,
        description="A saved way to pay of that provider: it is charged at once, and nobody has to "
        "go to a checkout.",
    )
    expected_total: Money | None = Field(
        None, description="What the holder saw. Another price then refuses the order."
    )
    pay_as: Money | None = Field(
        None,
        description="What the holder saw that the provider's part comes to in another currency, "
        "one of the preview's `exchanges`; paid in the price's own when left out.",
    )

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        if self.expected_total and self.currency not in (None, self.expected_total.currency):
            raise ValueError("expected_total is in another currency than the order")
        return self


class SeenTerm(Shape):
    """The whole order before paying; the receipt will say the same if it is accepted now."""

    plan_code: str
    term: str
    price: Price
    wallet_free: Money
    period_start: Instant
    valid_until_after: Instant
    delivery: Literal["ledger", "network"] = Field(
        description="ledger: over at once; network: the network is told, and must confirm."
    )
    promise_seconds: int = Field(
        description="An order of the network that takes longer is refunded by itself."
    )
    providers: list[str] = Field(description="Who may take what the wallet does not pay.")
    exchanges: list[OfferedExchange] = Field(
        description="In which other currencies that part may be paid; none where the operator "
        "allows none."
    )


def seen_fields(
    offer: PlanOffer,
    decision: RenewalDecision,
    wallet_free_minor: int,
    providers: Sequence[str],
    exchanges: Sequence[ExchangeOffer],
) -> dict[str, Any]:
    """Those of SeenTerm."""
    quote, funding = decision.quote, decision.funding
    return {
        "plan_code": offer.code,
        "term": str(offer.term),
        "price": Price.of(quote, funding.wallet_minor, funding.payment_minor),
        "wallet_free": money(wallet_free_minor, quote.currency),
        "period_start": decision.period.start_at,
        "valid_until_after": decision.period.end_at,
        "delivery": decision.delivery,
        "promise_seconds": offer.promise_seconds,
        "providers": list(providers),
        "exchanges": [OfferedExchange.of_offer(each) for each in exchanges],
    }
