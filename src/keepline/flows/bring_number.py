"""`number.brought`: a buyer's number comes along from another operator.

    N  bring_number.request     we want it, with the code that its holder gave us
    T  bring_number.scheduled   the other operator agrees: its date is the promise, the letter
    N  bring_number.look_ahead  before the date, when the clearing house says that something changed
    (deliver_order: at the date the network is told the line under its number)
    N  bring_number.cut_over    from now on it is ours
    (deliver_order.confirm: the number is the line's)
    N  bring_number.cancel      before money goes back, also of one whose buyer thinks better of it
                                (cancel_order): we do not want it any more
    T  bring_number.stays       unless the number has come: then the line shall live
    T  bring_number.forgotten   cancelled once more, where a request of ours may have come after it

What the clearing house says counts. Money goes back only once it has said that the number is not
ours; while it says nothing, the order waits. docs/numbers.md has it in prose.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from keepline.core.lifecycle.port_in import PortInEvent, PortInState
from keepline.flows.delivering.outcomes import Impossible, NotYet
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.porting.port import Porting, PortingUnknown, PortRequest
from keepline.inventory import services as inventory
from keepline.messages import services as outbox
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.porting import codes, ways_in
from keepline.porting import queries as port_queries
from keepline.porting.models import PortIn
from keepline.porting.ways_in import Brought

ACTION = "number.brought"
ANSWERED_WITHIN: Final = timedelta(days=5)  # until the other operator has said when
AFTER_ITS_DATE: Final = timedelta(hours=24)  # until the line must live
LOOK_EVERY, ASK_AGAIN_AFTER = timedelta(minutes=5), timedelta(minutes=1)
REQUESTS_END_WITHIN = timedelta(minutes=1)  # also those of a worker that has died since
WITHOUT_ITS_LINE = timedelta(minutes=30)  # the network says no for good, and an operator must look
NOT_OURS = ("rejected", "cancelled", "not_found", "returned")
OVER = (PortInState.GIVEN_UP, PortInState.RETURNING, PortInState.RETURNED)  # without its line

log = structlog.get_logger(__name__)


def is_brought(order: Order) -> bool:
    """Whether the order's number comes along."""
    return bool((order.stock or {}).get("brought"))


def cut_over_of(order: Order) -> datetime | None:
    """The date of a number that comes along, once it is known."""
    at = (order.stock or {}).get("cut_over_at")
    return datetime.fromisoformat(at) if at else None


def is_undated(order: Order) -> bool:
    """Whether its number comes along, and the other operator has not said when."""
    return is_brought(order) and cut_over_of(order) is None


def want(order_id: UUID, line_id: UUID, account_id: UUID, brought: Brought, now: datetime) -> None:
    """In the transaction that starts the order."""
    ways_in.open_way_in(order_id, account_id, line_id, brought, now)


def way_of(order: Order) -> PortIn | None:
    """How far its number has come; None where none comes along, or the order has ended. No query
    for these."""
    if order.completed_at is not None or not is_brought(order):
        return None
    return port_queries.way_in(order.id)


def is_stranded(row: PortIn) -> bool:
    """Whether the number has come without its line, and a person must decide (settle_arrival)."""
    return row.stranded_at is not None and row.state in (PortInState.WANTED, PortInState.SCHEDULED)


def to_its_date(order: Order, now: datetime) -> None:
    """Brings the order's number to its date. Raises NotYet until then, Impossible if it stays."""
    row = _row(order)
    if row.state == PortInState.WANTED:
        found = _requested(row)
        if _row(order).state in OVER:  # while it was asked for: take that back too
            _cancelled(row)
            raise Impossible("port_other")
        _schedule(order, found, now)
    if row.state in OVER:
        raise Impossible("port_other")
    if row.cut_over_at is not None and now < row.cut_over_at:
        _look_ahead(order, row, now)  # somebody said that something changed
        raise NotYet(row.cut_over_at)


def _look_ahead(order: Order, row: PortIn, now: datetime) -> None:
    """Raises Impossible for one that was taken back, so that money need not wait for the date, and
    NotYet for one that is here already, by hand: its date is now."""
    try:
        with network_step("bring_number.look_ahead"):
            found = switchboard.porting().ask(row.id)
    except PortingUnknown as silence:
        log.warning("clearing_house_silent", reason=str(silence))
        return
    if found.state == "ported":
        _ended(order, found, "", now)
        raise NotYet(now)
    if found.state in ("rejected", "cancelled", "returned"):
        raise Impossible(f"port_{found.reason or 'other'}")


def _requested(row: PortIn) -> Porting:
    code, holder = codes.opened_request(row.id, row.sealed)
    try:
        with network_step("bring_number.request"):
            return switchboard.porting().request(PortRequest(row.id, row.e164, code, holder))
    except PortingUnknown as silence:
        log.warning("clearing_house_silent", reason=str(silence))
        raise NotYet from None


def _schedule(order: Order, found: Porting, now: datetime) -> None:
    """Raises NotYet, in any case, or Impossible.

    A date that is over already, or of a number that is here before it, is now: the line begins now,
    and nobody pays for days on which it could not live.
    """
    if found.state in NOT_OURS:
        raise Impossible(f"port_{found.reason or 'other'}")
    here = found.state == "ported"
    date = now if here else found.cut_over_at and max(found.cut_over_at, now)
    if date is None:
        raise NotYet(now + LOOK_EVERY)
    with transaction_step("bring_number.scheduled"):
        inventory.note_arrival((order.stock or {})["number"], order.served_line, date)
        locked_order = orders.lock_order(order.id)
        locked = ways_in.lock_way_in(order.id)
        if locked.state == PortInState.WANTED and locked_order.completed_at is None:
            ways_in.transition(
                locked, PortInEvent.SCHEDULE, now, cut_over_at=date, donor=found.donor
            )
            orders.note_date(locked_order, date, date + AFTER_ITS_DATE)
            if not here:  # the letter that its line lives is all there is to say
                line_id = order.served_line
                outbox.put("number.expected", order.account_id, line_id, order.id, now)
    raise NotYet(date)


def take(order: Order, now: datetime) -> None:
    """The number is ours from now on. Raises NotYet while nobody knows, Impossible if it is not."""
    row = _row(order)
    try:
        with network_step("bring_number.cut_over"):
            found = switchboard.porting().cut_over(row.id)
    except PortingUnknown as silence:
        log.warning("clearing_house_silent", reason=str(silence))
        raise NotYet from None
    if found.state == "ported":
        return
    if found.state in NOT_OURS:
        raise Impossible(f"port_{found.reason or 'other'}")
    raise NotYet(max(found.cut_over_at or now, now + ASK_AGAIN_AFTER))


def stays_away(order: Order, now: datetime, why: str = "") -> bool:
    """Whether it is certain that the number does not come; the clearing house is told so before.

    False: it has come, or nobody knows; the order is looked at again. `why` it would end: what
    staff are shown of one whose number has come without its line; "" where its buyer wants it back.
    """
    row = _row(order)
    if row.state in OVER:
        return True
    found = _cancelled(row)
    if found is None:
        orders.look_later(order, now + ASK_AGAIN_AFTER)
        return False
    if found.state != "ported" and found.state not in NOT_OURS:
        log.error("clearing_house_keeps_it", order=str(order.id), state=found.state)
        orders.look_later(order, now + ASK_AGAIN_AFTER)
        return False
    return _ended(order, found, why, now)


def is_forgotten(order: Order, now: datetime) -> bool:
    """Whether no request of ours waits at the clearing house, or is on its way there.

    One that a worker sent may have come after the cancellation, and found its end not noted yet.
    False: the next look is planned.
    """
    row = _row(order)
    if row.cancel_again_at is None:
        return True
    if now < row.cancel_again_at:
        orders.look_later(order, row.cancel_again_at)
        return False
    found = _cancelled(row)
    if found is None or found.state not in NOT_OURS:
        orders.look_later(order, now + ASK_AGAIN_AFTER)
        return False
    with transaction_step("bring_number.forgotten"):
        ways_in.note(ways_in.lock_way_in(order.id), cancel_again_at=None)
    return True


def _cancelled(row: PortIn) -> Porting | None:
    """What the clearing house says to it; None when it is silent."""
    try:
        with network_step("bring_number.cancel"):
            return switchboard.porting().cancel(row.id)
    except PortingUnknown as silence:
        log.warning("clearing_house_silent", reason=str(silence))
        return None


def _ended(order: Order, found: Porting, why: str, now: datetime) -> bool:
    """Given up; or one that came is the line's after all, and gets its whole time to be so."""
    came, asked_for = found.state == "ported", order.settled_at is not None
    again_at = now + REQUESTS_END_WITHIN if asked_for and found.state == "not_found" else None
    with transaction_step("bring_number.stays"):
        locked_order = orders.lock_order(order.id)
        locked = ways_in.lock_way_in(order.id)
        if not came:
            if locked.state in (PortInState.WANTED, PortInState.SCHEDULED):
                ways_in.transition(locked, PortInEvent.GIVE_UP, now, cancel_again_at=again_at)
        elif locked_order.completed_at is None:
            date = min(locked.cut_over_at or now, now)  # by hand it may come before its day
            ways_in.note(locked, cut_over_at=date)
            orders.note_date(locked_order, date, now + AFTER_ITS_DATE)
            # Too late: the line shall live. Whoever asked for it twice may have heard so already.
            if locked.cancel_asked_at is not None or not why:
                ways_in.note(locked, cancel_asked_at=None)
                orders.look_again(locked_order, now)
            else:
                log.error("number_came_without_its_line", order=str(order.id), why=why)
                since_at = locked.stranded_at or now
                ways_in.note(locked, stranded_at=since_at, stranded_code=why)
                orders.look_again(locked_order, now + WITHOUT_ITS_LINE)
        else:  # by hand, at the clearing house: a person must look
            log.error("number_came_without_its_order", order=str(order.id))
            since_at = locked.stranded_at or now
            ways_in.note(locked, stranded_at=since_at, stranded_code="order_over")
            orders.look_again(locked_order, now + AFTER_ITS_DATE)
    return not came


def arrive(order: Order, now: datetime) -> None:
    """In the transaction that brings the line to life: the number is its own. Locks as there."""
    inventory.arrive((order.stock or {})["number"], order.served_line, now)
    ways_in.transition(ways_in.lock_way_in(order.id), PortInEvent.CUT_OVER, now)


def _row(order: Order) -> PortIn:
    row = port_queries.way_in(order.id)
    assert row is not None, f"order {order.id} brings no number"
    return row
