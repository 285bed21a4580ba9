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
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal
from uuid import UUID

import structlog
from django.db import DataError, IntegrityError

from keepline.accounts import clocks
from keepline.catalog.taxes import tariff_for
from keepline.core.agenda import Due, Step
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.pricing import price_of
from keepline.flows import renew_line, wake
from keepline.flows.errors import FlowRefused
from keepline.flows.line_at_network import let_network_follow, with_other_service
from keepline.flows.steps import transaction_step
from keepline.flows.sweeping.leaving import may_go, paid_for, tell_once_more, withdrawal_of
from keepline.flows.sweeping.reminding import remind
from keepline.flows.sweeping.renewing import Raced, Refusal, renew_due
from keepline.flows.sweeping.resting import release_rested
from keepline.inventory import services as inventory
from keepline.ledger import queries as ledger
from keepline.lines import clock, due
from keepline.lines import queries as lines
from keepline.lines.due import DueLine, Move, Which
from keepline.messages import services as outbox
from keepline.orders import queries as orders
from keepline.payments import methods
from keepline.payments.methods import MethodFacts

log = structlog.get_logger(__name__)
ACTION = "lines.swept"
ACTOR = "worker"
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
# What a refusal of the per-line way means for a try; any other is asked again a little later.
REFUSALS: dict[str, Refusal | Literal["not_taken"]] = {
    "wallet_short": "short",
    "provider_unknown": "not_taken",  # such an amount, in such a currency
    "method_unusable": "short",
    "plan_not_for_line": "consent",
    "price_changed": "consent",
    "state_refuses": "consent",
    "no_network": "no_network",
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
    """
    done = True
    while done and (ids := due.lying_together(Step.RENEW, now, LOOKED_AHEAD, which)):
        done = False
        for first in range(0, len(ids), most):
            if counts := _renew(ids[first : first + most], now, which):
                done = True
                yield counts


def _renew(ids: list[UUID], now: datetime, which: Which) -> Counts:
    try:
        with transaction_step("sweep_lines.renew"):
            batch = renew_due(ids, now, which)
            refused = _charged_alone(batch.refused)
            _settle_refused(refused, now)
    except Raced:
        return Counter({"raced": 1})
    except (IntegrityError, DataError):
        return _hand_on_all(ids, now)
    refusals = Counter(reason for _, reason in refused)
    return Counter({"renewed": batch.renewed}) + refusals


def _charged_alone(refused: list[tuple[DueLine, Refusal]]) -> list[tuple[DueLine, Refusal]]:
    """A line whose wallet is short goes alone if its holder lets a saved method pay."""
    short = [line.id for line, reason in refused if reason == "short"]
    charged = lines.methods_among(short)
    return [
        (line, "alone" if reason == "short" and line.id in charged else reason)
        for line, reason in refused
    ]


def _settle_refused(refused: list[tuple[DueLine, Refusal]], now: datetime) -> None:
    """Plans what comes after tries that were not made, or in vain; tells the holders of those."""
    planned: list[tuple[DueLine, Due | None]] = []
    told = []
    for line, reason in refused:
        tried = Due(_due_at(line), Step.RENEW)
        if reason == "under_way":
            planned.append((line, _later(line, Step.RENEW, ASK_AGAIN, now)))
        elif reason == "alone":
            planned.append((line, Due(tried.at, Step.RENEW_ALONE)))
        else:
            planned.append((line, clock.after(line, tried, now)))
            if reason in NOTICES and clock.makes_sense(line, tried, now):
                told.append((NOTICES[reason], line))
    due.plan(planned)
    _tell(told, now)


def _later(line: DueLine, step: Step, pause: timedelta, now: datetime) -> Due | None:
    """The same step after a pause. A try that would outlast its phase is given up instead."""
    if step in (Step.RENEW, Step.RENEW_ALONE):
        over_at = clock.change_at(line)
        if over_at is not None and over_at <= now + pause:
            return clock.after(line, Due(_due_at(line), Step.RENEW), now)
    return Due(now + pause, step)


def _due_at(line: DueLine) -> datetime:
    assert line.due is not None, "it was claimed because it was due"
    return line.due.at


def _hand_on_all(ids: list[UUID], now: datetime) -> Counts:
    """A batch that the database refuses: each of its lines stands alone, and fails alone."""
    with transaction_step("sweep_lines.hand_on"):
        batch = due.claim_these(ids, Step.RENEW, now)
        due.plan([(line, Due(_due_at(line), Step.RENEW_ALONE)) for line in batch])
    log.error("sweep_batch_refused", lines=len(batch))
    return Counter({"alone": len(batch)})


def _renew_alone(now: datetime, which: Which) -> Counts:
    ids = due.waiting(Step.RENEW_ALONE, now, ALONE_BATCH, which)
    return _one_by_one(ids, Step.RENEW_ALONE, _alone, now)


def _alone(ids: list[UUID], now: datetime) -> Counts:
    with transaction_step("sweep_lines.alone"):
        found = due.claim_these(ids, Step.RENEW_ALONE, now)
        charged = _usable_methods(found)
        return Counter(_renewed_as_anybody(line, charged.get(line.id), now) for line in found)


def _usable_methods(found: list[DueLine]) -> dict[UUID, MethodFacts]:
    """By line, the saved method that pays when its wallet is short."""
    named = lines.methods_among([line.id for line in found])
    saved = methods.methods_among(set(named.values()))
    return {
        line_id: saved[method_id]
        for line_id, method_id in named.items()
        if method_id in saved and saved[method_id].usable
    }


def _renewed_as_anybody(line: DueLine, method: MethodFacts | None, now: datetime) -> str:
    """The per-line way: the network must be told, the line was cut, or a saved method pays."""
    if not line.auto_renew:
        due.plan([(line, clock.after(line, Due(_due_at(line), Step.RENEW), now))])
        return "skipped"
    under_way = orders.lines_with_orders([line.id], unpaid=True)
    refusal = "under_way" if under_way else _try(line, method, now)
    if refusal is not None:
        _settle_refused([(line, refusal)], now)
    return refusal or "renewed"


def _try(line: DueLine, method: MethodFacts | None, now: datetime) -> Refusal | None:
    """One try by renew_line, under a key of this line's try; why it was refused, if it was.

    The wallet pays first. What it lacks may be less than the method's provider takes: then the
    method pays all of it.
    """
    currency = ledger.currency_of(line.wallet_id)
    tariff = tariff_for(line.account_id, line.plan_id, currency, now)
    if tariff is None or tariff.offer is None or tariff.dearer:
        return "consent"
    request = renew_line.RenewalRequest(
        account_id=line.account_id,
        line_id=line.id,
        plan_code=tariff.offer.code,
        currency=currency,
        use_wallet="part" if method else "only",
        provider=method.provider if method else None,
        key=f"auto:{line.id.hex[-12:]}:{int(_due_at(line).timestamp())}",
        expected_total_minor=price_of(tariff.offer).total_minor,
        actor=ACTOR,
        channel=orders.BY_CLOCK,
        method_id=method.id if method else None,
    )
    refusal = _start(line, request, now)
    if method and refusal == "not_taken":
        refusal = _start(line, replace(request, use_wallet="none"), now)
    return "short" if refusal == "not_taken" else refusal


def _start(
    line: DueLine, request: renew_line.RenewalRequest, now: datetime
) -> Refusal | Literal["not_taken"] | None:
    try:
        started = renew_line.start(request, now)
    except FlowRefused as refused:
        if refused.code == "no_network":
            log.error("sweep_needs_a_network", line=str(line.id))
        return REFUSALS.get(refused.code, "under_way")
    if started.state is not OrderState.COMPLETED:
        due.plan([(line, clock.after(line, Due(_due_at(line), Step.RENEW), now))])
    return None


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
