"""How a line renews by itself, as pages and callers are told. No query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from keepline.catalog.queries import PlanOffer, Tariff
from keepline.core.agenda import AgendaRules, lead_choices, tries_in_grace
from keepline.core.pricing import Quote, price_of
from keepline.ledger.queries import Balance
from keepline.lines import clock
from keepline.lines.queries import LineRow
from keepline.payments.methods import MethodFacts

WARN_AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class AutoRenewal:
    """How a line renews by itself: from its wallet, and what that lacks by a saved method.

    `offer` is the version of its plan that is on sale, at `price`; both are None when there is
    none, and for a line that does not renew by itself among many lines. `agreed_minor`: the total
    of the version that the holder agreed to. `obstacle`: why the holder must be asked first.
    `next_try_at`: None when none is planned. `short_minor`: what the wallet lacks for one renewal,
    `short_soon`: and the next try is within WARN_AHEAD.
    `method`: the saved method that pays then; `method_ends_first`: it expires before the next try;
    `charged`: it can be charged then.
    `lead_choices`: how many days ahead of expiry its policy tries, the earliest first;
    `tries_in_grace`: how many days into grace it tries again.
    """

    enabled: bool
    lead_days: int | None
    next_try_at: datetime | None
    obstacle: Literal["dearer", "gives_less", "not_sold"] | None
    offer: PlanOffer | None
    price: Quote | None
    agreed_minor: int | None
    short_minor: int
    short_soon: bool
    method: MethodFacts | None
    method_ends_first: bool
    charged: bool
    lead_choices: Sequence[int]
    tries_in_grace: Sequence[int]

    @property
    def tries_ahead(self) -> Sequence[int]:
        """On which days ahead of expiry this line is tried, the earliest first."""
        first = self.lead_choices[0] if self.lead_days is None else self.lead_days
        return [days for days in self.lead_choices if days <= first]

    @property
    def consent_needed(self) -> bool:
        """Whether nothing happens by itself before the holder has said yes."""
        return self.obstacle is not None


def auto_renewal(
    row: LineRow,
    wallet: Balance | None,
    tariff: Tariff | None,
    rules: AgendaRules,
    method: MethodFacts | None,
    now: datetime,
) -> AutoRenewal:
    """`tariff`: of the line's plan in its wallet's currency; `method`: the saved one it names."""
    offer = tariff.offer if tariff else None
    price = price_of(offer) if offer else None
    obstacle: Literal["dearer", "gives_less", "not_sold"] | None = None
    if row.auto_renew and wallet and (tariff is None or offer is None):
        obstacle = "not_sold"
    elif row.auto_renew and tariff and tariff.dearer:
        obstacle = "dearer"
    elif row.auto_renew and tariff and tariff.gives_less:
        obstacle = "gives_less"
    next_try_at = None if obstacle else clock.next_try(row, rules, now)
    short_minor = max(0, price.total_minor - wallet.free_minor) if price and wallet else 0
    is_soon = next_try_at is not None and next_try_at <= now + WARN_AHEAD
    ends_first = method is not None and method.ends_before(next_try_at)
    charged = method is not None and method.usable and not ends_first
    return AutoRenewal(
        enabled=row.auto_renew,
        lead_days=row.lead_days,
        next_try_at=next_try_at,
        obstacle=obstacle,
        offer=offer,
        price=price,
        agreed_minor=price_of(tariff.pinned).total_minor if tariff else None,
        short_minor=short_minor,
        short_soon=is_soon and short_minor > 0 and not charged,
        method=method,
        method_ends_first=ends_first,
        charged=charged,
        lead_choices=lead_choices(rules),
        tries_in_grace=tries_in_grace(rules),
    )
