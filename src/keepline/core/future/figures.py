"""What a future comes to, in plain values; and what it is made from beside the lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from keepline.core.agenda import AgendaRules
from keepline.core.terms import GraceRule, Term

__all__ = ["EVENTS", "STATES", "Fare", "Figures", "Impact", "PolicyRules"]

EVENTS = (
    "renewed",
    "renewed_by_hand",
    "short",
    "consent",
    "reminded",
    "expired",
    "suspended",
    "withdrawn",
    "released",
)
STATES = ("active", "grace", "suspension")


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """The part of one version of a policy that decides what becomes of a line."""

    policy_id: int
    code: str
    agenda: AgendaRules
    quarantine_days: int
    grace_rule: GraceRule


@dataclass(frozen=True, slots=True)
class Fare:
    """What a line pinned to one version of a plan renews with, in one currency.

    `total_minor` is what a term costs, tax and all. `on_sale`: there is a version to buy;
    `consent`: the holder must be asked first; `alone`: not in the sweep's statement but after it,
    line by line (the network is told).
    """

    plan_id: int
    currency: str
    target_plan_id: int
    total_minor: int
    term: Term
    on_sale: bool
    consent: bool
    alone: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """One future. Every list has one element a bucket of time: [edges[i], edges[i + 1]).

    `counts` by EVENTS; `taken` and `by_hand` are money by currency, in minor units; `states` are
    lines at the end of each bucket, by STATES. `lines` is how many have a clock at all.
    """

    edges: Sequence[datetime]
    lines: int
    counts: Mapping[str, Sequence[int]]
    taken: Mapping[str, Sequence[int]]
    by_hand: Mapping[str, Sequence[int]]
    states: Mapping[str, Sequence[int]]

    def total(self, event: str) -> int:
        """How often over all buckets."""
        return sum(self.counts[event])


@dataclass(frozen=True, slots=True)
class Impact:
    """Whom a proposed policy would affect: anything about them differs within the time."""

    lines_governed: int  # whose policy it stands in for
    lines_affected: int
    accounts_affected: int
