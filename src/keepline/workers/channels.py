"""Messages: events are addressed, and every channel sends what is due of it, at its own pace.

In the worker's process each channel has a thread of its own that looks (`watch`), threads that send
and claims of its own: one that is slow or down delays no other. messages_outbox.due_at and
messages_delivery.due_at are the truth; what a dead worker held is due again when its lease ends.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from time import monotonic

import structlog
from django.db import close_old_connections
from django.utils import timezone

from keepline.accounts import clocks
from keepline.flows.address_event import address
from keepline.flows.deliver_message import Hands, deliver
from keepline.flows.receipting.enclosing import tells_of_sale
from keepline.flows.telling import ways
from keepline.flows.telling.way import Way
from keepline.messages import deliveries
from keepline.workers.hands import Clock, by_test_clocks, side_by_side, without_waiting
from keepline.workers.numbering import number_receipts

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=5)
NEW_SHARES_WITHIN_S = 60.0  # of a claim: so the last one ends well within the lease
EVENTS_A_BATCH = 500
CLAIMANTS = 2
PATIENCE_S = 0.5  # for programs; who answers later is settled later
LOOK_EVERY_S = 1.0
FIRST_REST_S, LONGEST_REST_S = 5.0, 60.0

_knocks: dict[str, threading.Event] = {}


def send(clock: Clock, clock_id: int) -> int:
    """Addresses and sends all that is due by one clock; how many events and letters."""
    done = address_due(clock, clock_id)
    return done + sum(deliver_due(way, clock, clock_id)[0] for way in ways.connected())


def address_events(clock: Clock = timezone.now) -> int:
    """Addresses every due event, and tells the channels' threads of this process. How many."""
    done = address_due(clock, clocks.REAL) + by_test_clocks(address_due)
    for knock in _knocks.values() if done else ():
        knock.set()
    return done


def address_due(clock: Clock, clock_id: int) -> int:
    """Addresses every due event of one clock's accounts; how many."""
    done = 0
    while addressed := address(clock(), EVENTS_A_BATCH, clock_id):
        done += addressed
    return done


def deliver_due(way: Way, clock: Clock, clock_id: int = clocks.REAL) -> tuple[int, bool]:
    """Sends every due letter of one way, until it is down. How many were tried, and is it down?"""
    total, tried, is_down = 0, 1, False
    while tried and not is_down:
        tried, is_down = _deliver_some(way, clock, clock_id, _batch(way))
        total += tried
    return total, is_down


def _deliver_some(way: Way, clock: Clock, clock_id: int, limit: int) -> tuple[int, bool]:
    """The same of one claim of at most `limit`."""
    claimed = deliveries.claim_due(way.channel, clock(), limit, LEASE, clock_id)
    if not claimed:
        return 0, False
    if way.encloses and tells_of_sale({each.kind for each in claimed}):
        _guarded(number_receipts)  # else the receipt would come a second too late for it
    in_time = partial(_is_before, monotonic() + NEW_SHARES_WITHIN_S)
    done = deliver(way, claimed, clock(), _hands_of(way), in_time)
    return len(claimed), done.down


def claims_of(way: Way) -> str:
    """The name of the threads that claim."""
    return f"{way.channel}-claims"


def _batch(way: Way) -> int:
    return 2 * way.share * way.threads


def _hands_of(way: Way) -> Hands:
    """Behind one way to programs are many places: one that hangs holds up none of them."""
    if way.to_people:
        return partial(side_by_side, way.channel, threads=way.threads)
    return partial(without_waiting, way.channel, threads=way.threads, patience_s=PATIENCE_S)


def _is_before(until_s: float) -> bool:
    return monotonic() < until_s


def watch(way: Way, stop: threading.Event) -> None:
    """Works one channel until `stop`: when it is knocked for, and each second by itself.

    A channel that is down rests, longer and longer; what waits for it has not been tried.
    """
    knock = _knocks.setdefault(way.channel, threading.Event())
    rest_s = 0.0
    while not stop.is_set():
        if rest_s:
            stop.wait(rest_s)
        else:
            knock.wait(LOOK_EVERY_S)
        knock.clear()
        is_down = _guarded(partial(_work, way, probing=rest_s > 0))
        if is_down and not rest_s:
            log.warning("channel_down", channel=way.channel)
        elif rest_s and not is_down:
            log.info("channel_up", channel=way.channel)
        rest_s = min(2 * rest_s or FIRST_REST_S, LONGEST_REST_S) if is_down else 0.0


def watch_outbox(stop: threading.Event) -> None:
    """Addresses events until `stop`; wake-ups come through tasks.py."""
    while not stop.wait(LOOK_EVERY_S):
        _guarded(address_events)


def _work(way: Way, probing: bool) -> bool:
    """Whether it is down. `probing`: it was, so a first few try whether it is back.

    Where more is due than one claims two do: while the letters of one are handed over, the other's
    are read.
    """
    limit = way.share if probing else _batch(way)
    tried, is_down = _deliver_some(way, timezone.now, clocks.REAL, limit)
    if tried and not is_down:
        claimants = [timezone.now] * (CLAIMANTS if tried >= limit else 1)
        work = partial(deliver_due, way)
        done = list(side_by_side(claims_of(way), work, claimants, CLAIMANTS))
        is_down = any(each[1] for each in done if each)
    if not is_down:
        by_test_clocks(lambda clock, clock_id: deliver_due(way, clock, clock_id)[0])
    return is_down


def _guarded(work: Callable[[], int | bool | None]) -> bool:
    close_old_connections()
    try:
        return bool(work())
    except Exception:
        log.exception("messages_failed")
        return False
    finally:
        close_old_connections()
