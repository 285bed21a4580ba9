"""`line.followed`: the network holds what the books say of lines that the clock or staff changed.

    T  follow_network.claim      a batch of lines of which it may hold something else
    N  follow_network.apply      the whole service of each, as the books say it now
    T  follow_network.followed   done; or again, where the books moved or the network did not do it

It follows levels, not events: however often a line was changed since, it is told once, what holds
when it is told. Orders tell the network by themselves, so a line that has one on its way is left
to it and looked at again; and orders wait for what is being told here (docs/network.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from keepline.accounts import clocks
from keepline.core.ids import derived_id
from keepline.core.retries import doubled
from keepline.flows.line_at_network import let_network_follow, standings_of, subscribers_of
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.network.port import (
    DesiredService,
    NetworkAnswer,
    NetworkOperation,
    NetworkUnknown,
    Subscriber,
)
from keepline.inventory import queries as inventory
from keepline.lines import network_due
from keepline.lines import queries as line_queries
from keepline.lines import services as lines
from keepline.lines.network_due import Claim, DueLine, PutOff
from keepline.orders import queries as orders

ACTION = "line.followed"
BATCH = 200
AFTER_AN_ORDER = timedelta(seconds=5)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
AFTER_A_REFUSAL = timedelta(days=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of a batch: how many lines were claimed, and of them done, refused, unanswered."""

    claimed: int = 0
    done: int = 0
    refused: int = 0
    silent: int = 0

    @property
    def may_go_on(self) -> bool:
        """Whether the next batch is worth a try: there may be one, and the network answers."""
        return self.claimed > self.silent


@dataclass(frozen=True, slots=True)
class _Told:
    """What the network is told of a line."""

    due: DueLine
    subscriber: Subscriber
    desired: DesiredService | None


def follow(now: datetime, limit: int = BATCH) -> Followed:
    """Tells the network of one batch of lines. `now` is real time. Safe to repeat, side by side."""
    if not switchboard.has("network"):
        return Followed()
    with transaction_step("follow_network.claim"):
        claim = network_due.claim(now, limit)
    if not claim.lines:
        return Followed()
    # After the claim is committed: an order that is not seen here yet sees the claim, and waits.
    theirs = orders.lines_told_by_orders([line.id for line in claim.lines])
    told = _what_holds([line for line in claim.lines if line.id not in theirs], now)
    operations = [
        NetworkOperation(_operation_id(claim, one.due), one.subscriber, one.desired) for one in told
    ]
    answers: list[NetworkAnswer | NetworkUnknown] = []
    if operations:
        with network_step("follow_network.apply"):
            answers = switchboard.network().apply_many(operations)
    return _followed(claim, told, answers, now)


def _operation_id(claim: Claim, line: DueLine) -> UUID:
    """Another one each time: a network with a memory answers a repeat with its first answer, which
    may be about a state of long ago."""
    return derived_id(line.id, f"follow:{claim.id}")


def _what_holds(due: list[DueLine], now: datetime, lock: bool = False) -> list[_Told]:
    found = lines.lines_among([line.id for line in due], lock=lock)
    subscribers = subscribers_of(found.values())
    standings = standings_of(found.values(), _instants(found, now))
    return [_Told(line, subscribers[line.id], standings[line.id]) for line in due]


def _instants(line_ids: Mapping[UUID, object], now: datetime) -> dict[UUID, datetime]:
    """What each line's clock shows."""
    shown = {clock.id: clock.now_at for clock in clocks.all_clocks()}
    by_line = line_queries.clocks_among(line_ids) if shown else {}
    return {line_id: shown.get(by_line.get(line_id, clocks.REAL), now) for line_id in line_ids}


def _followed(
    claim: Claim, told: list[_Told], answers: list[NetworkAnswer | NetworkUnknown], now: datetime
) -> Followed:
    done: set[UUID] = set()
    refused = silent = 0
    again: dict[UUID, PutOff] = {  # those that orders tell of
        line.id: PutOff(line, now + AFTER_AN_ORDER, max(line.attempts - 1, 0))
        for line in claim.lines
    }
    with transaction_step("follow_network.followed"):
        holds = _what_holds([one.due for one in told], now, lock=True)
        for one, now_holds, answer in zip(told, holds, answers, strict=True):
            line = one.due
            if isinstance(answer, NetworkUnknown):
                silent += 1
                pause = doubled(FIRST_PAUSE, line.attempts - 1, LONGEST_PAUSE)
                again[line.id] = PutOff(line, now + pause, line.attempts)
            elif not _same(one, now_holds):
                again[line.id] = PutOff(line, now, 0)
            elif answer.outcome == "confirmed":
                done.add(line.id)
                del again[line.id]
            else:
                refused += 1
                code = (answer.code or answer.outcome)[:40]
                again[line.id] = PutOff(line, now + AFTER_A_REFUSAL, line.attempts, code)
                log.error("network_refuses_line", line=str(line.id), code=code)
        network_due.settle(claim, done, list(again.values()))
        _look_at_successors(told, holds, now)
    return Followed(len(claim.lines), len(done), refused, silent)


def _same(told: _Told, holds: _Told) -> bool:
    """Whether the books still say what was told, as far as the network keeps it."""
    if told.subscriber != holds.subscriber or (told.desired is None) != (holds.desired is None):
        return False
    return all(
        getattr(told.desired, field) == getattr(holds.desired, field)
        for field in (switchboard.network().keeps if told.desired else ())
    )


def _look_at_successors(told: list[_Told], holds: list[_Told], now: datetime) -> None:
    """A number or card that went on to another line while it was told of here: that line may have
    been told of before, and is looked at again."""
    moved = [(one.subscriber, then.subscriber) for one, then in zip(told, holds, strict=True)]
    numbers = {was.msisdn for was, is_now in moved if was.msisdn and is_now.msisdn != was.msisdn}
    cards = {was.iccid for was, is_now in moved if was.iccid and is_now.iccid != was.iccid}
    successors = set(inventory.lines_with_cards(cards).values())
    if numbers:
        stock = inventory.numbers_among(numbers).values()
        successors |= {number.line_id for number in stock if number.line_id is not None}
    let_network_follow(sorted(successors), now)
