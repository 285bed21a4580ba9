"""`lines.swept`: every line whose next action is due gets it done, thousands in a transaction.

    T  sweep_lines.renew       one batch: orders, money, extensions and outbox in one statement
    T  sweep_lines.alone       one line that the statement handed on, by renew_line
    T  sweep_lines.remind      one batch of reminders
    T  sweep_lines.change      one batch of expiries or suspensions
    T  sweep_lines.withdraw    one batch of lines that end; their numbers begin to rest
    T  sweep_lines.release     one batch of numbers that have rested

A step is done in the transaction that plans the line's next one: once, by any number of workers on
any number of machines. What a worker that dies had begun has not happened. docs/lifecycle.md tells
the agenda in prose.
"""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import IntegrityError

from keepline.accounts import clocks
from keepline.catalog.queries import policy_values, tariffs
from keepline.core.agenda import Due, Step
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line, wake
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.flows.sweeping.renewing import Refusal, renew_due
from keepline.flows.sweeping.tables import CONSENT, mode_of
from keepline.inventory import services as inventory
from keepline.ledger import queries as ledger
from keepline.lines import clock, due
from keepline.lines import queries as lines
from keepline.lines.due import DueLine, Move, Which
from keepline.messages import services as outbox

log = structlog.get_logger(__name__)
ACTION = "lines.swept"
ACTOR = "worker"
BATCH = 1000
ALONE_BATCH = 100
ASK_AGAIN = timedelta(minutes=15)  # a line with an order under way
HOLD_UNWARNED = timedelta(days=1)  # a line whose holder could not be told
SET_ASIDE = timedelta(hours=1)  # a line that stands in the way of its batch

NOTICES: dict[Refusal, str] = {"short": "line.renewal_failed", "consent": "line.consent_needed"}
CHANGES = {
    Step.EXPIRE: (LineEvent.EXPIRE, LineState.GRACE, "expired", "line.expired"),
    Step.SUSPEND: (LineEvent.SUSPEND, LineState.SUSPENDED, "grace_over", "line.suspended"),
}

REALLY = Which()
Counts = Counter[str]


def sweep(
    now: datetime,
    which: Which = REALLY,
    accounts: Collection[UUID] | None = None,
    done: Callable[[Counts], None] = lambda _: None,
) -> Counts:
    """Does everything that is due at `now`; returns how many lines each step was done for.

    `which` chooses lines by clock and slot, `accounts` the last holders whose numbers are released
    (None: everybody's). `done` is called after each batch with its counts.
    """
    total: Counts = Counter()
    steps: list[Callable[[], Counts]] = [
        lambda: _renew(now, which),
        lambda: _renew_alone(now, which),
        lambda: _remind(now, which),
        lambda: _change(Step.EXPIRE, now, which),
        lambda: _change(Step.SUSPEND, now, which),
        lambda: _withdraw(now, which),
        lambda: _release(now, which, accounts),
    ]
    for step in steps:
        while counts := step():
            total += counts
            done(counts)
    if total:
        wake.outbox()
    return total


def _renew(now: datetime, which: Which) -> Counts:
    if not due.waiting(Step.RENEW, now, 1, which):
        return Counter()
    try:
        with transaction_step("sweep_lines.renew"):
            batch = renew_due(now, BATCH, which)
            _settle_refused(batch.refused, now)
    except IntegrityError:
        return _hand_on_all(now, which)
    refusals = Counter(reason for _, reason in batch.refused)
    return Counter({"renewed": batch.renewed}) + refusals


def _settle_refused(refused: list[tuple[DueLine, Refusal]], now: datetime) -> None:
    planned: list[tuple[DueLine, Due | None]] = []
    for line, reason in refused:
        assert line.due is not None
        if reason == "under_way":
            planned.append((line, Due(now + ASK_AGAIN, Step.RENEW)))
        elif reason == "alone":
            planned.append((line, Due(line.due.at, Step.RENEW_ALONE)))
        else:
            planned.append((line, clock.after(line, Due(line.due.at, Step.RENEW), now)))
    due.plan(planned)
    _tell([(NOTICES[reason], line) for line, reason in refused if reason in NOTICES], now)


def _hand_on_all(now: datetime, which: Which) -> Counts:
    """A batch that the database refuses: each of its lines stands alone, and fails alone."""
    with transaction_step("sweep_lines.hand_on"):
        batch = due.claim(Step.RENEW, now, BATCH, which)
        handed = [(line, Due(line.due.at, Step.RENEW_ALONE)) for line in batch if line.due]
        due.plan(handed)
    log.error("sweep_batch_refused", lines=len(batch))
    return Counter({"alone": len(batch)})


def _renew_alone(now: datetime, which: Which) -> Counts:
    ids = due.waiting(Step.RENEW_ALONE, now, ALONE_BATCH, which)
    return sum((_one_alone(line_id, now) for line_id in ids), Counter())


def _one_alone(line_id: UUID, now: datetime) -> Counts:
    try:
        with transaction_step("sweep_lines.alone"):
            found = due.claim_these([line_id], Step.RENEW_ALONE, now)
            outcome = _renewed_as_anybody(found[0], now) if found else ""
    except Exception:
        log.exception("sweep_line_failed", line=str(line_id))
        with transaction_step("sweep_lines.set_aside"):
            found = due.claim_these([line_id], Step.RENEW_ALONE, now)
            due.plan([(line, Due(now + SET_ASIDE, Step.RENEW_ALONE)) for line in found])
        outcome = "failed"
    return Counter({outcome: 1} if outcome else {})


def _renewed_as_anybody(line: DueLine, now: datetime) -> str:
    """The per-line way: the network must be told, or the line was cut."""
    assert line.due is not None
    tried = Due(line.due.at, Step.RENEW)
    currency = ledger.currency_of(line.wallet_id)
    tariff = tariffs().get((line.plan_id, currency))
    if not line.auto_renew:
        due.plan([(line, clock.after(line, tried, now))])
        return "skipped"
    if tariff is None or tariff.offer is None or mode_of(tariff) == CONSENT:
        _settle_refused([(line, "consent")], now)
        return "consent"
    request = renew_line.RenewalRequest(
        account_id=line.account_id,
        line_id=line.id,
        plan_code=tariff.offer.code,
        currency=currency,
        use_wallet="only",
        provider=None,
        key=f"auto:{line.id.hex[-12:]}:{int(line.due.at.timestamp())}",
        expected_total_minor=None,
        actor=ACTOR,
        channel="sweep",
    )
    try:
        started = renew_line.start(request, now)
    except FlowRefused as refused:
        reason: Refusal = "short" if refused.code == "wallet_short" else "consent"
        if refused.code == "no_network":
            log.error("sweep_needs_a_network", line=str(line.id))
        _settle_refused([(line, reason)], now)
        return reason
    if started.state is not OrderState.COMPLETED:
        due.plan([(line, clock.after(line, tried, now))])
    return "renewed"


def _remind(now: datetime, which: Which) -> Counts:
    with transaction_step("sweep_lines.remind"):
        batch = due.claim(Step.REMIND, now, BATCH, which)
        worth = [line for line in batch if line.due and clock.makes_sense(line, line.due, now)]
        _tell([(_reminder(line), line) for line in worth], now)
        due.plan([(line, clock.after(line, line.due, now)) for line in batch if line.due])
    return _counted(reminded=len(worth), passed_over=len(batch) - len(worth))


def _reminder(line: DueLine) -> str:
    near = line.state in (LineState.ACTIVE, LineState.PAUSED)
    return "line.expiry_near" if near else "line.withdrawal_near"


def _change(step: Step, now: datetime, which: Which) -> Counts:
    event, target, cause, notice = CHANGES[step]
    with transaction_step("sweep_lines.change"):
        batch = due.claim(step, now, BATCH, which)
        over, early = _parted(batch, now)
        moves = [_move(line, target, now) for line in over]
        due.transition_all(moves, event, ACTOR, cause, now)
        due.plan(early)
        _tell([(notice, line) for line in over], now)
    return _counted(**{cause: len(over), "moved_on": len(early)})


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


def _withdraw(now: datetime, which: Which) -> Counts:
    """Numbers are locked before lines, as everywhere."""
    ids = due.waiting(Step.WITHDRAW, now, BATCH, which)
    if not ids:
        return Counter()
    numbers = lines.numbers_among(ids)
    with transaction_step("sweep_lines.withdraw"):
        holders = inventory.lock_numbers(sorted(numbers.values()))
        batch = due.claim_these(ids, Step.WITHDRAW, now)
        over, early = _parted(batch, now)
        told = [line for line in over if line.id not in numbers or _was_warned(line)]
        held = [line for line in over if line not in told]
        moves = [Move(line, None, None) for line in told]
        due.transition_all(moves, LineEvent.TERMINATE, ACTOR, "suspension_over", now)
        leaving = [line for line in told if holders.get(numbers.get(line.id, 0)) == line.id]
        inventory.withdraw_all([_withdrawal(line, numbers[line.id], now) for line in leaving], now)
        again = Due(now + HOLD_UNWARNED, Step.WITHDRAW)
        due.plan([*early, *((line, again) for line in held)])
        _tell([("line.withdrawn", line) for line in told], now)
        _tell([("line.withdrawal_near", line) for line in held], now)
    if held:
        log.error("withdrawal_without_notice", lines=[str(line.id) for line in held[:5]])
    return _counted(withdrawn=len(told), held=len(held), moved_on=len(early))


def _was_warned(line: DueLine) -> bool:
    """No number goes without one notice delivered since its line ran out."""
    if not policy_values(line.policy_id).notice_required:
        return True
    return line.warned_at is not None and (
        line.valid_until is None or line.warned_at > line.valid_until
    )


def _withdrawal(line: DueLine, e164: int, now: datetime) -> inventory.Withdrawal:
    rules = policy_values(line.policy_id)
    return inventory.Withdrawal(
        e164, now + timedelta(days=rules.quarantine_days), now + timedelta(days=rules.reclaim_days)
    )


def _release(now: datetime, which: Which, accounts: Collection[UUID] | None) -> Counts:
    # Numbers lie in slots of their own: whose clock they follow, their last holder's id tells.
    others = clocks.accounts_by_any() if which.real else ()
    with transaction_step("sweep_lines.release"):
        released = inventory.release_rested(now, BATCH, accounts, but=others)
    return _counted(released=released)


def _tell(told: list[tuple[str, DueLine]], now: datetime) -> None:
    outbox.put_all([(kind, line.account_id, line.id) for kind, line in told], now)


def _counted(**counts: int) -> Counts:
    return Counter({name: count for name, count in counts.items() if count})
