"""`number.ported`: other operators come for numbers; those with the code get them.

    N  follow_ports.requests   what waits for our word at the clearing house
    T  follow_ports.judge      code and number: the line is leaving at a date, or it is not
    N  follow_ports.answer     said to the clearing house; asked again, it is said again
    N  follow_ports.ask        of each that leaves, how it stands there; or that its holder stays
    T  follow_ports.followed   it went, it stays, or it is looked at again

It follows levels, not events: what the clearing house says of a porting counts, whenever it is
asked. While it says nothing, or nothing that we know, nothing is done. docs/numbers.md has it in
prose, docs/gateways/porting.md the words.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from keepline.accounts import clocks
from keepline.audit import services as audit
from keepline.catalog.queries import policy_values
from keepline.core.lifecycle.line import LineEvent
from keepline.core.lifecycle.number import NumberState
from keepline.core.lifecycle.port_out import PortOutEvent, PortOutState
from keepline.core.retries import doubled
from keepline.flows import wake
from keepline.flows.authorise_port import MAY_LEAVE
from keepline.flows.line_at_network import let_network_follow
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.porting.port import Asked, Porting, PortingUnknown, RejectReason
from keepline.inventory import queries as stock
from keepline.inventory import services as inventory
from keepline.inventory.models import Number
from keepline.lines import changes
from keepline.lines import services as lines
from keepline.lines.interrupting import come_back
from keepline.lines.services import LockedLine
from keepline.messages import services as outbox
from keepline.orders import queries as order_queries
from keepline.porting import codes
from keepline.porting import queries as port_queries
from keepline.porting import services as portings
from keepline.porting.models import PortOut

ACTION = "number.ported"
ACTOR = "porting"
BATCH = 100
WRONG_CODES = 5  # then the code is worth nothing, and its holder is told
LOOK_EVERY = timedelta(hours=1)  # the recipient may take its request back
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=5)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a recipient is told: the date, or why not."""

    cut_over_at: datetime | None = None
    reason: RejectReason = "code_refused"


def follow(now: datetime) -> int:
    """One look at the clearing house; how many requests and portings were looked at.

    `now` is real time; what is written of a line goes by its account's clock. Safe to repeat, side
    by side. What fails alone does not keep the others.
    """
    if not switchboard.has("porting"):
        return 0
    asked: list[Asked] = []
    try:
        with network_step("follow_ports.requests"):
            asked = list(switchboard.porting().requests())
    except PortingUnknown as silence:
        log.warning("clearing_house_silent", reason=str(silence))
    for each in asked:
        try:
            _hear(each, now)
        except Exception:
            log.exception("port_request_failed", port=str(each.porting.port_id))
    due = port_queries.due(now, BATCH)
    for row in due:
        try:
            _look_at(row, now)
        except Exception:
            log.exception("port_out_failed", port_out=str(row.id))
    return len(asked) + len(due)


def _hear(asked: Asked, now: datetime) -> None:
    with transaction_step("follow_ports.judge"):
        verdict = _judge(asked, now)
    if verdict is None:
        return  # an order of the line is under way: it is judged when that has ended
    wake.outbox()
    try:
        with network_step("follow_ports.answer"):
            house, port_id = switchboard.porting(), asked.porting.port_id
            if verdict.cut_over_at is not None:
                house.accept(port_id, verdict.cut_over_at)
            else:
                house.reject(port_id, verdict.reason)
    except PortingUnknown as silence:
        log.warning("clearing_house_silent", reason=str(silence))


def _judge(asked: Asked, now: datetime) -> Verdict | None:
    """Whoever has not the right code learns nothing but that."""
    seen = stock.number(asked.porting.e164)
    if seen is None or seen.line_id is None or seen.account_id is None:
        return Verdict(reason="number_unknown" if seen is None else "code_refused")
    number = inventory.lock_number(seen.e164)
    line = lines.lock_line(seen.line_id, seen.account_id)
    row, at = portings.lock_under_way(line.id), clocks.now_for(line.account_id, now)
    if row is not None and row.state == PortOutState.LEAVING:
        ours = row.port_id == asked.porting.port_id  # said before, and not heard
        return Verdict(row.cut_over_at) if ours else Verdict(reason="already_leaving")
    if row is None or not _has_the_key(row, line, asked, at):
        return Verdict()
    if not _is_portable(number, line, at):
        return Verdict(reason="not_portable")
    if order_queries.is_line_busy(line.id, line.account_id):
        return None
    return _accepted(row, line, asked, now, at)


def _has_the_key(row: PortOut, line: LockedLine, asked: Asked, at: datetime) -> bool:
    """Whether the code is the line's, for this number and at this time; a wrong one is counted."""
    if not codes.same(codes.opened(row.id, row.sealed_code), asked.code):
        _count_wrong(row, asked, at)
        return False
    of_this_number = asked.porting.e164 == row.e164 == line.e164
    return of_this_number and row.ready_at <= at < row.valid_until


def _is_portable(number: Number, line: LockedLine, at: datetime) -> bool:
    locked = changes.transfer_lock_of(line.id, line.account_id).holds(at)
    on_the_line = number.state == NumberState.ASSIGNED and number.line_id == line.id
    return on_the_line and line.state in MAY_LEAVE and not locked


def _count_wrong(row: PortOut, asked: Asked, at: datetime) -> None:
    port_id = asked.porting.port_id
    if row.refused_id == port_id:
        return  # judged before, and our answer was not heard
    portings.note(row, wrong_codes=row.wrong_codes + 1, refused_id=port_id)
    if row.wrong_codes >= WRONG_CODES:
        portings.transition(row, PortOutEvent.REVOKE, at)
        outbox.put_all([("port.revoked", row.account_id, row.line_id)], at)
    _record("port.code_refused", row, at, {"recipient": asked.porting.recipient})


def _accepted(row: PortOut, line: LockedLine, asked: Asked, now: datetime, at: datetime) -> Verdict:
    notice = timedelta(hours=policy_values(line.policy_id).port_out_notice_hours)
    porting, cut_over_at = asked.porting, now + notice
    portings.transition(
        row,
        PortOutEvent.REQUEST,
        at,
        port_id=porting.port_id,
        recipient=porting.recipient,
        cut_over_at=cut_over_at,
        next_look_at=_next_look(cut_over_at, now),
        attempts=0,
    )
    lines.transition(line, LineEvent.PORT_OUT, ACTOR, "code", at)
    let_network_follow([line.id], at)
    outbox.put_all([("port.leaving", row.account_id, row.line_id)], at)
    _record("port.accepted", row, at, {"recipient": porting.recipient})
    return Verdict(cut_over_at)


def _next_look(cut_over_at: datetime, now: datetime) -> datetime:
    """Every hour, and at the cut-over; after it every quarter of a minute and then more seldom."""
    return min(now + LOOK_EVERY, max(cut_over_at, now + FIRST_PAUSE))


def _look_at(row: PortOut, now: datetime) -> None:
    assert row.port_id is not None, f"{row.id} is looked at, and nobody has come for it"
    found: Porting | None = None
    try:
        with network_step("follow_ports.ask"):
            house = switchboard.porting()
            found = house.cancel(row.port_id) if row.stay_asked_at else house.ask(row.port_id)
    except PortingUnknown as silence:
        log.warning("clearing_house_silent", reason=str(silence))
    with transaction_step("follow_ports.followed"):
        inventory.lock_number(row.e164)
        line = lines.lock_line(row.line_id, row.account_id)
        locked = portings.lock_under_way(row.line_id)
        if locked is not None and locked.id == row.id:
            _follow(locked, line, found, now)
    wake.outbox()


def _follow(row: PortOut, line: LockedLine, found: Porting | None, now: datetime) -> None:
    at = clocks.now_for(row.account_id, now)
    if found is not None and found.state == "ported":
        _gone(row, line, at)
    elif found is not None and found.state in ("cancelled", "rejected", "returned"):
        _stays(row, line, at)
    elif found is not None and found.state == "scheduled" and row.stay_asked_at is None:
        cut_over_at = found.cut_over_at or row.cut_over_at or now
        early = now < cut_over_at
        attempts = 0 if early else row.attempts + 1
        pause = doubled(FIRST_PAUSE, row.attempts, LONGEST_PAUSE)
        look = _next_look(cut_over_at, now) if early else now + pause
        portings.note(row, cut_over_at=cut_over_at, next_look_at=look, attempts=attempts)
    else:
        if found is not None and found.state == "not_found":
            log.error("porting_not_known_there", port_out=str(row.id))
        pause = doubled(FIRST_PAUSE, row.attempts, LONGEST_PAUSE)
        attempts = min(row.attempts + 1, 1000)
        portings.note(row, next_look_at=now + pause, attempts=attempts)


def _gone(row: PortOut, line: LockedLine, at: datetime) -> None:
    """The number is theirs: its line ends, nobody here holds it. What is in the wallet stays."""
    portings.transition(row, PortOutEvent.CUT_OVER, at)
    lines.transition(line, LineEvent.PORTED, ACTOR, "ported", at)
    inventory.port_out(row.e164, at)
    let_network_follow([line.id], at)
    outbox.put_all([(ACTION, row.account_id, row.line_id)], at)
    _record(ACTION, row, at, {"recipient": row.recipient})


def _stays(row: PortOut, line: LockedLine, at: datetime) -> None:
    """The line goes on; if it ran out meanwhile, its whole grace begins. If it was in grace
    before, that goes on."""
    portings.transition(row, PortOutEvent.STAY, at)
    come_back(line, LineEvent.PORT_CANCEL, ACTOR, "stays", at)
    let_network_follow([line.id], at)
    outbox.put_all([("port.stayed", row.account_id, row.line_id)], at)
    _record("port.stayed", row, at, {})


def _record(action: str, row: PortOut, at: datetime, facts: dict[str, str]) -> None:
    audit.record(
        action, actor=ACTOR, now=at, account_id=row.account_id, subject_id=row.line_id, facts=facts
    )
