"""`lines.swept`: every line whose next action is due gets it done, thousands in a transaction.

    T  sweep_lines.renew       one batch: orders, money, extensions and outbox in one statement
    T  sweep_lines.alone       one line that the statement handed on, by renew_line
    T  sweep_lines.remind      one batch of reminders
    T  sweep_lines.change      one batch of expiries or suspensions
    T  sweep_lines.withdraw    one batch of lines that end; their numbers begin to rest
    T  sweep_lines.release     one batch of numbers that rested and are quiet, or were not bought

A step is done in the transaction that plans the line's next one: once, by any number of workers on
any number of machines. What a worker that dies had begun has not happened. docs/lifecycle.md tells
the agenda in prose.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from django.db import DataError, IntegrityError

from keepline.accounts import clocks
from keepline.core.agenda import Due, Step
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.flows import wake
from keepline.flows.line_at_network import let_network_follow, with_other_service
from keepline.flows.steps import transaction_step
from keepline.flows.sweeping.leaving import may_go, paid_for, tell_once_more, withdrawal_of
from keepline.flows.sweeping.reminding import remind
from keepline.flows.sweeping.renewing import Raced, Refusal, renew_due
from keepline.flows.sweeping.resting import release_rested
from keepline.flows.sweeping.trying import ACTOR, try_alone, usable_methods
from keepline.inventory import services as inventory
from keepline.lines import clock, due
from keepline.lines import queries as lines
from keepline.lines.due import DueLine, Move, Which
from keepline.messages import services as outbox
from keepline.orders import queries as orders
from keepline.payments.methods import MethodFacts

log = structlog.get_logger(__name__)
ACTION = "lines.swept"
BATCH = 1000
LOOKED_AHEAD = 100_000  # lines that are due, put into the order in which they lie
ALONE_BATCH = 100
ALONE = 1  # its place among the steps
ASK_AGAIN = timedelta(minutes=15)  # a line with an order under way, or held by somebody
HOLD_UNWARNED = timedelta(days=1)  # a line whose holder could not be told
SET_ASIDE = timedelta(hours=1)  # a line that stands in the way of its batch

NOTICES: dict[Refusal, str] = {"short": "line.renewal_failed", "consent": "line.consent_needed"}
CHANGES = {
    Step.EXPIRE: (LineEvent.EXPIRE, LineState.GRACE, "expired", "line.expired"),
    Step.SUSPEND: (LineEvent.SUSPEND, LineState.SUSPENDED, "grace_over", "line.suspended"),
}
REALLY = Which()
Counts = Counter[str]
Act = Callable[[list[UUID], datetime], Counts]


def sweep(
    now: datetime,
    which: Which = REALLY,
    accounts: Collection[UUID] | None = None,
    done: Callable[[Counts], None] = lambda _: None,
    batch: int = BATCH,
) -> Counts:
    """Does what is due at `now`; returns how many lines each step was done for.

    `which` chooses lines by clock and slot, `accounts` the last holders whose numbers are released
    (None: everybody's). `done` is called after each batch with its counts; `batch` is how many
    lines are renewed in one transaction: whoever renews one of them meanwhile waits for it. A step
    that fails is logged and keeps no other from being done. Of the lines that go one by one, one
    batch is done, so that no order is dated by an instant long past; the others are due still.
    """
    total: Counts = Counter()
    looked: set[UUID] = set()
    steps: list[Callable[[], Counts]] = [
        partial(next, _renewals(now, which, batch), Counter()),
        lambda: _renew_alone(now, which),  # at the place ALONE
        lambda: _stepwise(Step.REMIND, partial(_remind, looked), now, which),
        lambda: _stepwise(Step.EXPIRE, partial(_change, Step.EXPIRE), now, which),
        lambda: _stepwise(Step.SUSPEND, partial(_change, Step.SUSPEND), now, which),
        lambda: _stepwise(Step.WITHDRAW, _withdraw, now, which),
        lambda: _release(now, which, accounts),
    ]
    for place, step in enumerate(steps):
        try:
            while counts := step():
                total += counts
                done(counts)
                if place == ALONE:
                    break
        except Exception:
            log.exception("sweep_step_failed", place=place)
    if total:
        wake.outbox()
    return total


def _renewals(now: datetime, which: Which, most: int) -> Iterator[Counts]:
    """Renews what is due, batch after batch, until nothing is left but what others have.

    Where much is due it is taken in the order of the disk, so that lines of one batch share pages:
    what a batch writes to the log is mostly pages, and holders who commit meanwhile wait for it.
    The wallet of a batch's last line may have lines in the next: what ended its row ends it there.
    """
    done = True
    while done and (lines_due := due.lying_together(Step.RENEW, now, LOOKED_AHEAD, which)):
        done, ended = False, None
        for first in range(0, len(lines_due), most):
            batch = lines_due[first : first + most]
            counts, short = _renew([line.id for line in batch], now, which, ended)
            last = batch[-1].wallet_id
            ended = last if last == ended or last in short else None
            if counts:
                done = True
                yield counts


def _renew(
    ids: list[UUID], now: datetime, which: Which, ended: UUID | None
) -> tuple[Counts, set[UUID]]:
    """One batch: what came of it, and the wallets that could not pay for all of their lines."""
    try:
        with transaction_step("sweep_lines.renew"):
            batch = renew_due(ids, now, which, ended)
            refused = _charged_alone(batch.refused)
            _settle_refused(refused, now)
    except Raced:
        return Counter({"raced": 1}), set()
    except (IntegrityError, DataError):
        return _hand_on_all(ids, now), set()
    short = {line.wallet_id for line, reason in batch.refused if reason == "short"}
    return Counter({"renewed": batch.renewed}) + Counter(why for _, why in refused), short


def _charged_alone(refused: list[tuple[DueLine, Refusal]]) -> list[tuple[DueLine, Refusal]]:
    """A line whose wallet is short goes alone if its holder lets a saved method pay."""
    short = [line.id for line, reason in refused if reason == "short"]
    charged = lines.methods_among(short)
    return [
        (line, "alone" if reason == "short" and line.id in charged else reason)
        for line, reason in refused
    ]


def _settle_refused(refused: list[tuple[DueLine, Refusal]], now: datetime) -> None:
    """Plans what comes after tries that were not made, or in vain; tells the holders of those.

    One try stands for all that are due by now: after an outage nobody's card is charged for each.
    """
    planned: list[tuple[DueLine, Due | None]] = []
    told = []
    for line, reason in refused:
        if reason == "under_way":
            planned.append((line, _later(line, Step.RENEW, ASK_AGAIN, now)))
        elif reason == "alone":
            planned.append((line, Due(line.due_at, Step.RENEW_ALONE)))
        else:
            planned.append((line, clock.after(line, Due(now, Step.RENEW), now)))
            if reason in NOTICES:
                told.append((NOTICES[reason], line))
    due.plan(planned)
    _tell(told, now)


def _later(line: DueLine, step: Step, pause: timedelta, now: datetime) -> Due | None:
    """The same step after a pause. A try that would outlast its phase is given up instead."""
    if step in (Step.RENEW, Step.RENEW_ALONE):
        over_at = clock.change_at(line)
        if over_at is not None and over_at <= now + pause:
            return clock.after(line, Due(line.due_at, Step.RENEW), now)
    return Due(now + pause, step)


def _hand_on_all(ids: list[UUID], now: datetime) -> Counts:
    """A batch that the database refuses: each of its lines stands alone, and fails alone."""
    with transaction_step("sweep_lines.hand_on"):
        batch = due.claim_these(ids, Step.RENEW, now)
        due.plan([(line, Due(line.due_at, Step.RENEW_ALONE)) for line in batch])
    log.error("sweep_batch_refused", lines=len(batch))
    return Counter({"alone": len(batch)})


def _renew_alone(now: datetime, which: Which) -> Counts:
    ids = due.waiting(Step.RENEW_ALONE, now, ALONE_BATCH, which)
    return _one_by_one(ids, Step.RENEW_ALONE, _alone, now)


def _alone(ids: list[UUID], now: datetime) -> Counts:
    with transaction_step("sweep_lines.alone"):
        found = due.claim_these(ids, Step.RENEW_ALONE, now)
        charged = usable_methods(found)
        return Counter(_renewed_as_anybody(line, charged.get(line.id), now) for line in found)


def _renewed_as_anybody(line: DueLine, method: MethodFacts | None, now: datetime) -> str:
    """The per-line way: the network must be told, the line was cut, or a saved method pays."""
    if not line.auto_renew:
        due.plan([(line, clock.after(line, Due(line.due_at, Step.RENEW), now))])
        return "skipped"
    under_way = orders.lines_with_orders([line.id], unpaid=True)
    refusal = "under_way" if under_way else try_alone(line, method, now)
    if refusal is not None:
        _settle_refused([(line, refusal)], now)
    return refusal or "renewed"


def _stepwise(step: Step, act: Act, now: datetime, which: Which) -> Counts:
    """One batch; if that fails, its lines one by one, so that only those fail that must."""
    ids = due.waiting(step, now, BATCH, which)
    if not ids:
        return Counter()
    try:
        return act(ids, now)
    except Exception:
        log.exception("sweep_batch_failed", step=step.name, lines=len(ids))
        return _one_by_one(ids, step, act, now)


def _one_by_one(ids: list[UUID], step: Step, act: Act, now: datetime) -> Counts:
    total: Counts = Counter()
    for line_id in ids:
        try:
            total += act([line_id], now)
        except Exception:
            log.exception("sweep_line_failed", step=step.name, line=str(line_id))
            with transaction_step("sweep_lines.set_aside"):
                found = due.claim_these([line_id], step, now)
                due.plan([(line, _later(line, step, SET_ASIDE, now)) for line in found])
            total["failed"] += len(found)
    return total


def _remind(looked: set[UUID], ids: list[UUID], now: datetime) -> Counts:
    with transaction_step("sweep_lines.remind"):
        batch = due.claim_these(ids, Step.REMIND, now)
        worth = [line for line in batch if line.due and clock.makes_sense(line, line.due, now)]
        remind(worth, looked, now)
        due.plan([(line, clock.after(line, line.due, now)) for line in batch if line.due])
    return _counted(reminded=len(worth), passed_over=len(batch) - len(worth))


def _change(step: Step, ids: list[UUID], now: datetime) -> Counts:
    event, target, cause, notice = CHANGES[step]
    with transaction_step("sweep_lines.change"):
        batch = due.claim_these(ids, step, now)
        over, early = _parted(batch, now)
        paid = paid_for(over)
        waiting = [(line, Due(now + ASK_AGAIN, step)) for line in over if line.id in paid]
        over = [line for line in over if line.id not in paid]
        moves = [_move(line, target, now) for line in over]
        due.transition_all(moves, event, ACTOR, cause, now)
        let_network_follow(with_other_service(over, event), now)
        due.plan([*early, *waiting])
        _tell([(notice, line) for line in over], now)
    return _counted(**{cause: len(over), "moved_on": len(early), "under_way": len(waiting)})


def _move(line: DueLine, target: LineState, now: datetime) -> Move:
    planned_at = clock.change_at(line)
    since_at = now if planned_at is None else clock.began_at(planned_at, now)
    return Move(line, since_at, clock.first_of(line, target, since_at, now))


def _parted(
    batch: list[DueLine], now: datetime
) -> tuple[list[DueLine], list[tuple[DueLine, Due | None]]]:
    """Those whose phase is over, and those whose phase was made longer since it was planned."""
    over, early = [], []
    for line in batch:
        at = clock.change_at(line)
        if at is None or at <= now:
            over.append(line)
        else:
            early.append((line, clock.first_of(line, line.state, clock.start_of(line), now)))
    return over, early


def _withdraw(ids: list[UUID], now: datetime) -> Counts:
    """Numbers are locked before lines, as everywhere."""
    numbers = lines.numbers_among(ids)
    with transaction_step("sweep_lines.withdraw"):
        holders = inventory.lock_numbers(sorted(numbers.values()))
        over, early = _parted(due.claim_these(ids, Step.WITHDRAW, now), now)
        paid = paid_for(over)
        told = [line for line in over if line.id not in paid and may_go(line, numbers, now)]
        held = [line for line in over if line.id not in paid and line not in told]
        moves = [Move(line, None, None) for line in told]
        due.transition_all(moves, LineEvent.TERMINATE, ACTOR, "suspension_over", now)
        let_network_follow(with_other_service(told, LineEvent.TERMINATE), now)
        leaving = [line for line in told if holders.get(numbers.get(line.id, 0)) == line.id]
        resting = [withdrawal_of(line.policy_id, numbers[line.id], now) for line in leaving]
        inventory.withdraw_all(resting, now)
        soon, again = Due(now + ASK_AGAIN, Step.WITHDRAW), Due(now + HOLD_UNWARNED, Step.WITHDRAW)
        waiting = [(line, soon) for line in over if line.id in paid]
        due.plan([*early, *waiting, *((line, again) for line in held)])
        _tell([("line.withdrawn", line) for line in told], now)
        _tell([("line.withdrawal_near", line) for line in held], now)
        tell_once_more(leaving, resting, now)
    if held:
        log.error("withdrawal_without_notice", lines=[str(line.id) for line in held[:5]])
    return _counted(
        withdrawn=len(told), held=len(held), moved_on=len(early), under_way=len(waiting)
    )


def _release(now: datetime, which: Which, accounts: Collection[UUID] | None) -> Counts:
    # Numbers lie in slots of their own: whose clock they follow, their last holder's id tells.
    others = clocks.accounts_by_any() if which.real else ()
    with transaction_step("sweep_lines.release"):
        rested = release_rested(now, BATCH, accounts, but=others)
        put_back = inventory.release_holds(now, BATCH, accounts, but=others)
    return _counted(released=rested.free, put_off=rested.put_off, put_back=put_back)


def _tell(told: list[tuple[str, DueLine]], now: datetime) -> None:
    outbox.put_all([(kind, line.account_id, line.id) for kind, line in told], now)


def _counted(**counts: int) -> Counts:
    return Counter({name: count for name, count in counts.items() if count})
