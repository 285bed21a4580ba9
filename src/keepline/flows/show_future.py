"""Shows what would happen to the whole base, under today's policies or a proposed one.

The base is read at one instant in a read-only transaction; the rest happens in memory
(docs/simulate.md). numpy is imported by the first call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from keepline.core.agenda import AgendaRules
from keepline.core.future.figures import Figures, Impact, PolicyRules

if TYPE_CHECKING:
    from keepline.core.future.world import World

WEEK = timedelta(days=7)
LONGEST_DAYS = 1830
By = Literal["week", "month"]
# (what is done: reading, today or proposed; how far; of how much)
Reached = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class FutureRequest:
    """What is asked. `policy`: the fields of a policy as catalog.reading.read_policy gives them."""

    days: int = 365
    by: By = "week"
    by_hand_percent: int = 0
    go_live: bool = False
    policy: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class FutureView:
    """What would be: today's policies, and the proposed one beside them when there is one.

    `governed` are the codes of the policies that it stands in for. `sleeping` lines wait for
    go-live and are in no figure.
    """

    read_at: datetime
    today: Figures
    proposed: Figures | None
    impact: Impact | None
    governed: tuple[str, ...]
    sleeping: int


def show_future(
    request: FutureRequest,
    now: datetime,
    reached: Reached = lambda _what, _done, _of: None,
) -> FutureView:
    """Simulates `request.days` (1 to LONGEST_DAYS) from `now` on. Raises ValueError outside."""
    if not 1 <= request.days <= LONGEST_DAYS or not 0 <= request.by_hand_percent <= 100:  # noqa: PLR2004
        raise ValueError(f"1 to {LONGEST_DAYS} days, 0 to 100 per cent")
    from keepline.core.future.proposing import wake
    from keepline.core.future.running import run
    from keepline.flows.foreseeing.reading import one_instant, read_world

    reached("reading", 0, 1)
    with one_instant():
        world = read_world(now)
    reached("reading", 1, 1)
    sleeping = 0 if request.go_live else int(world.lines.dormant.sum())
    if request.go_live:
        world = wake(world)
    edges = edges_of(now, request.days, request.by)
    percent = request.by_hand_percent
    today, digest = run(world, edges, percent, lambda done, of: reached("today", done, of))
    if request.policy is None:
        return FutureView(now, today, None, None, (), sleeping)
    rules = rules_of(request.policy)
    return _beside(world, rules, edges, percent, reached, (now, today, digest, sleeping))


def _beside(
    world: "World",
    rules: PolicyRules,
    edges: list[datetime],
    percent: int,
    reached: Reached,
    first: tuple[datetime, Figures, Any, int],
) -> FutureView:
    """The other future, and whom it differs for."""
    import numpy as np

    from keepline.core.future.proposing import governed, propose
    from keepline.core.future.running import run
    from keepline.core.future.world import FAR

    now, today, digest, sleeping = first
    proposed, other = run(
        propose(world, rules), edges, percent, lambda done, of: reached("proposed", done, of)
    )
    chosen = governed(world, rules)
    affected = digest != other
    clocked = world.lines.at < FAR
    impact = Impact(
        lines_governed=int((chosen[world.lines.policy] & clocked).sum()) if len(chosen) else 0,
        lines_affected=int(affected.sum()),
        accounts_affected=len(np.unique(world.lines.account[affected])),
    )
    codes = {policy.code for place, policy in enumerate(world.policies) if chosen[place]}
    return FutureView(now, today, proposed, impact, tuple(sorted(codes)), sleeping)


def edges_of(now: datetime, days: int, by: By) -> list[datetime]:
    """The edges of the buckets: from `now`, every 7 days or at each month's begin in UTC."""
    end = now + timedelta(days=days)
    edges = [now]
    while edges[-1] < end:
        edges.append(min(end, edges[-1] + WEEK if by == "week" else _month_after(edges[-1])))
    return edges


def _month_after(at: datetime) -> datetime:
    at = at.astimezone(UTC)
    year, month = divmod(at.year * 12 + at.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def rules_of(policy: Mapping[str, Any]) -> PolicyRules:
    """The rules of a policy that was read from a file and is in no catalogue."""
    return PolicyRules(
        policy_id=0,
        code=policy["code"],
        agenda=AgendaRules(
            policy["grace_days"],
            policy["suspended_days"],
            tuple(policy["retry_days"]),
            tuple(policy["remind_before_expiry_days"]),
            tuple(policy["remind_after_expiry_days"]),
            tuple(policy["remind_before_withdrawal_days"]),
        ),
        quarantine_days=policy["quarantine_days"],
        grace_rule=policy["grace_rule"],
    )
