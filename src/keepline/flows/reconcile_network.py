"""`network.reconciled`: what the network holds of every line, beside what the books say.

    N  reconcile_network.read     a page of lines, in few exchanges; those that differ once more
    T  reconcile_network.repair   those that the policy lets be mended are marked: follow_network
    T  reconcile_network.record   what was compared, what differs, what was marked

Lines that an order, or another mark, is about to tell the network of are left alone and counted:
there the books move right now. So are those without number and card, which no network knows. What
the network holds of nobody here is not found, since no port can list it (docs/network.md).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from keepline.audit import services as audit
from keepline.catalog.queries import policy_values
from keepline.core.allowances import NOTHING
from keepline.core.ids import SLOTS
from keepline.core.network_drift import Drift, Policy, drift_of, may_repair
from keepline.core.network_service import DesiredService, standing
from keepline.flows.errors import FlowRefused
from keepline.flows.line_at_network import let_network_follow, subscribers_of
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.network.port import NetworkRecord, NetworkUnknown, Subscriber
from keepline.lines import network_due
from keepline.lines import queries as line_queries
from keepline.lines import services as lines
from keepline.lines.services import LockedLine
from keepline.orders import queries as orders

ACTION = "network.reconciled"
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """A line of which the network holds something else."""

    line_id: UUID
    account_id: UUID
    drift: Drift
    subscriber: Subscriber
    wanted: DesiredService | None
    held: NetworkRecord | None
    marked: bool  # it is brought into line


class _Named(NamedTuple):
    """A line, and who it is at the network."""

    line: LockedLine
    who: Subscriber


class _Compared(NamedTuple):
    """What differs, and by carrier how many lines nobody answered for."""

    differing: list[Difference]
    unread: Counter[str]


@dataclass(slots=True)
class NetworkReconciliation:
    """What it came to.

    `left_alone`: lines on their way, or without number and card; `marked`: of those that differ;
    `unread`: by carrier ("" for none), the lines whose own element was silent.
    """

    compared: int = 0
    left_alone: int = 0
    marked: int = 0
    differences: Counter[Drift] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """How many differences nobody mends."""
        return sum(self.differences.values()) - self.marked


def reconcile_network(
    actor: str,
    now: datetime,
    policy: Policy | None,
    tell: Callable[[Sequence[Difference]], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> NetworkReconciliation:
    """Compares all lines that are awake; `policy` None repairs nothing.

    `tell` is given the differences, page by page; `progress(done, of)` counts lines. Raises
    FlowRefused (`no_network`), and gateways' NetworkUnknown when the network gives no answer: what
    was marked until then stays marked. Of several elements one that is silent keeps its own lines
    unread, and nobody else's. Safe to repeat.
    """
    if not switchboard.has("network"):
        raise FlowRefused("no_network")
    result, of = NetworkReconciliation(), line_queries.count_awake()
    progress(0, of)
    for slot in range(SLOTS):
        after: UUID | None = None
        while page := line_queries.awake_after(slot, after, PAGE):
            found = _repaired(_differing(page, result), policy, now)
            tell(found)
            result.differences.update(each.drift for each in found)
            result.marked += sum(each.marked for each in found)
            after = page[-1]
            progress(result.compared + result.left_alone + result.unread.total(), of)
    with transaction_step("reconcile_network.record"):
        audit.record(ACTION, actor=actor, now=now, facts=_facts(result, policy))
    return result


def _differing(page: Sequence[UUID], result: NetworkReconciliation) -> list[Difference]:
    """Those that differ twice: what moved while the network was read differs once."""
    resting = _named(_resting(page))
    result.left_alone += len(page) - len(resting)
    first = _compared(resting)
    again = _compared(_named(_resting([each.line_id for each in first.differing])))
    unread = first.unread + again.unread
    result.compared += len(resting) - unread.total()
    result.unread += unread
    return again.differing


def _resting(line_ids: Sequence[UUID]) -> list[UUID]:
    """Those of which nobody is about to tell the network."""
    busy = orders.lines_told_by_orders(line_ids) | network_due.marked_among(line_ids)
    return [line_id for line_id in line_ids if line_id not in busy]


def _named(line_ids: Sequence[UUID]) -> list[_Named]:
    """Those that have a number or a card, which is what a network knows them by."""
    found = lines.lines_among(line_ids, lock=False)
    subscribers = subscribers_of(found.values())
    named = [_Named(line, subscribers[line.id]) for line in found.values()]
    return [each for each in named if each.who.msisdn or each.who.iccid]


def _compared(named: Sequence[_Named]) -> _Compared:
    found = _Compared([], Counter())
    if not named:
        return found
    with network_step("reconcile_network.read"):
        held = switchboard.network().read_many([each.who for each in named])
    for each, record in zip(named, held, strict=True):
        if isinstance(record, NetworkUnknown):
            found.unread[each.who.carrier] += 1
        elif differs := _difference(*each, record):
            found.differing.append(differs)
    return found


def _difference(
    line: LockedLine, subscriber: Subscriber, held: NetworkRecord | None
) -> Difference | None:
    grace = policy_values(line.policy_id).grace_service
    wanted = standing(line.state, grace, line.valid_until, NOTHING)
    service, number = (held.service, held.msisdn) if held else (None, None)
    drift = drift_of(wanted, subscriber.msisdn, service, number)
    if drift is None:
        return None
    return Difference(line.id, line.account_id, drift, subscriber, wanted, held, marked=False)


def _repaired(
    found: Sequence[Difference], policy: Policy | None, now: datetime
) -> list[Difference]:
    wanted = {each.line_id for each in found if policy and _may_repair(policy, each)}
    if wanted:
        with transaction_step("reconcile_network.repair"):
            let_network_follow(sorted(wanted), now)
    return [replace(each, marked=each.line_id in wanted) for each in found]


def _may_repair(policy: Policy, each: Difference) -> bool:
    return may_repair(policy, each.wanted, each.held.service if each.held else None)


def _facts(result: NetworkReconciliation, policy: Policy | None) -> dict[str, object]:
    return {
        "network": switchboard.network().name,
        "policy": str(policy or ""),
        "compared": result.compared,
        "left_alone": result.left_alone,
        "marked": result.marked,
        "unread": result.unread.total(),
        **{str(drift): count for drift, count in sorted(result.differences.items())},
    }
