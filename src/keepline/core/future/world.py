"""A base as arrays: one element a line. What flows/foreseeing reads, and what the clock moves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from keepline.core.future.figures import Fare, PolicyRules

__all__ = ["ENDED", "FAR", "OTHER", "Lines", "Wallets", "World"]

Ints = NDArray[np.int64]
FAR = 2**62  # the next action of a line that has none
# A line's phase is its place in agendas.PHASES, or:
ENDED, OTHER = 4, 5


@dataclass(slots=True)
class Lines:
    """The clocks. Instants are microseconds since 1970, NONE when there is none.

    `place` is the order of the lines' ids; `account`, `wallet`, `policy`, `zone` and `fare` are
    places in lists, `fare` -1 when the plan has no price in the wallet's currency; `share`, 0..99,
    is made from the id: which holders are assumed to pay by hand.
    """

    place: Ints
    account: Ints
    wallet: Ints
    policy: Ints
    zone: Ints
    fare: Ints
    phase: NDArray[np.int8]
    auto_renew: NDArray[np.bool_]
    lead: Ints  # days, -1: as the policy says
    valid_until: Ints
    anchor_at: Ints
    anchor_count: Ints
    since_at: Ints
    step: NDArray[np.int8]
    at: Ints  # of the next action; FAR when there is none
    numbered: NDArray[np.bool_]
    share: NDArray[np.int8]
    dormant: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.at)

    def copy(self) -> "Lines":
        """What the clock moves is copied; the rest is shared."""
        moved = ("fare", "phase", "valid_until", "anchor_at", "anchor_count", "since_at", "step")
        return replace(self, **{name: getattr(self, name).copy() for name in (*moved, "at")})


@dataclass(frozen=True, slots=True)
class Wallets:
    """What each wallet could pay, in minor units, and its currency's place in World.currencies."""

    free_minor: Ints
    currency: Ints

    def copy(self) -> "Wallets":
        """Spending from the copy leaves the original as it is."""
        return Wallets(self.free_minor.copy(), self.currency)


@dataclass(frozen=True, slots=True)
class World:
    """A base as it was at `now`, with the rules that hold for it.

    `resting_until` are the ends of the quarantines of numbers that rest already.
    """

    now: datetime
    lines: Lines
    wallets: Wallets
    policies: Sequence[PolicyRules]
    fares: Sequence[Fare]
    zones: Sequence[str]
    currencies: Sequence[str]
    resting_until: Ints
