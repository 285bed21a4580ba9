"""Takes what is due, in batches, and works it off. Any number of these may run anywhere.

The due columns are the truth (orders.next_action_at; for messages see channels.py); what a dead
worker held is due again when its lease ends.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from datetime import datetime, timedelta
from functools import partial
from time import monotonic, sleep
from uuid import UUID

import structlog
from django.utils import timezone

from keepline.accounts import clocks
from keepline.flows import forget_method, save_method, take_sms
from keepline.flows.advance_order import advance_together, bundles
from keepline.flows.follow_checks import follow as follow_checks_at
from keepline.flows.follow_checks import forget as forget_checks_at
from keepline.flows.follow_network import follow
from keepline.flows.follow_ports import follow as follow_ports_at
from keepline.flows.forget_messages import forget_messages as erase_messages
from keepline.flows.reconcile import reconcile
from keepline.flows.sweep_lines import sweep
from keepline.gateways import switchboard
from keepline.gateways.payments.port import ProviderUnknown
from keepline.inventory import notices
from keepline.lines.due import Which
from keepline.messages import early_receipts, heard
from keepline.orders import services as orders
from keepline.payments import methods
from keepline.payments import services as payments
from keepline.workers import channels
from keepline.workers.hands import THREADS, Clock, begin, by_test_clocks, side_by_side
from keepline.workers.numbering import number_receipts

log = structlog.get_logger(__name__)
ORDERS_A_BATCH, METHODS_A_BATCH, TOLD_A_BATCH = 32, 32, 256
# Of the network or not: how many are taken at once, and how many may be under way. A lease must
# outlast what it was taken for, one call for many, or a call for each.
TAKEN = {True: (TOLD_A_BATCH, 4 * TOLD_A_BATCH), False: (ORDERS_A_BATCH, ORDERS_A_BATCH)}
OWN_THREADS = 4  # as many calls as a breaker lets through
PATIENCE_S = 0.1  # with what is slow; then what others wait for is taken on
LINES_BESIDE_PEOPLE = 50  # renewed in one transaction: what it writes to the log delays nobody
RESTS = 3  # times as long as a batch took
LONGEST_REST_S = 1.0
RECONCILED_SPAN = timedelta(days=3)
RECONCILED_AGAIN = timedelta(days=120)  # card schemes let payers dispute for so long
WEBHOOKS_KEPT = timedelta(days=30)  # they hold payers' names; longer than any provider repeats
LANGUAGE = "en"  # a worker opens a checkout only when the entrance could not


def advance_orders(clock: Callable[[], datetime] = timezone.now) -> int:
    """Takes every due order one step further, until none is due. Returns how many steps.

    `clock` tells real time; orders of accounts on a test clock are worked at what that shows.
    """
    return _advance(clock, clocks.REAL) + by_test_clocks(_advance)


def send_outbox(clock: Callable[[], datetime] = timezone.now) -> int:
    """Addresses and sends every due message, by the clocks as above, one channel after the other.

    For who waits for it; the worker's process does it by threads (workers/channels.py).
    """
    return channels.send(clock, clocks.REAL) + by_test_clocks(channels.send)


def work_off(clock_id: int, now: datetime) -> int:
    """Orders and messages of one test clock's accounts that are due at `now`; how many steps.

    The network is told as well of what the clock has changed.
    """
    steps = _advance(lambda: now, clock_id) + channels.send(lambda: now, clock_id)
    if steps:
        number_receipts()
    follow_network()  # by real time as well: who waits for an answer waits really
    return steps


def tend_methods(clock: Callable[[], datetime] = timezone.now) -> int:
    """Saved methods whose provider owes an answer: kept, or forgotten? How many were looked at."""
    looked_at = 0
    while accounts := dict(methods.claim_due(clock(), METHODS_A_BATCH)):
        list(side_by_side("methods", partial(_tend, accounts, clock()), accounts))
        looked_at += len(accounts)
    return looked_at


def _tend(accounts: Mapping[UUID, UUID], now: datetime, method_id: UUID) -> None:
    account_id = accounts[method_id]
    at = clocks.now_for(account_id, now)
    save_method.settle(method_id, account_id, at)
    forget_method.tell_provider(method_id, account_id, at)


def follow_network(clock: Callable[[], datetime] = timezone.now) -> int:
    """Tells the network of every line that changed without an order, by whatever clock it lives.

    Until it gives no answer: then the next look is the next try. How many lines it was told of.
    """
    done, followed = 0, follow(clock())
    while followed.may_go_on:
        done += followed.done
        followed = follow(clock())
    return done + followed.done


def follow_ports(clock: Callable[[], datetime] = timezone.now) -> int:
    """Asks the clearing house what other operators want of us, and how what leaves stands there."""
    return follow_ports_at(clock())


def follow_checks(clock: Callable[[], datetime] = timezone.now) -> int:
    """Asks after identity checks that have no result yet."""
    return follow_checks_at(clock())


def forget_checks(clock: Callable[[], datetime] = timezone.now) -> int:
    """Erases identity checks that need not be known any more."""
    return forget_checks_at(clock())


def _advance(clock: Clock, clock_id: int) -> int:
    """While a slow element is waited for, what is due of others is taken on; each carrier's own
    elements have threads of their own."""
    steps = 0
    under_way: dict[bool, dict[Future[None], int]] = {of_network: {} for of_network in TAKEN}
    while True:
        for of_network, (a_batch, most) in TAKEN.items():
            begun = under_way[of_network]
            room = min(a_batch, most - sum(begun.values()))
            claimed = orders.claim_due(clock(), room, clock_id=clock_id, of_network=of_network)
            work = partial(advance_together, language=LANGUAGE, now=clock())
            for lane, together in bundles(claimed, clock()):
                threads = OWN_THREADS if lane else THREADS
                begun[begin(f"orders {lane}".strip(), work, together, threads)] = len(together)
            steps += len(claimed)
        waited_for = [each for begun in under_way.values() for each in begun]
        if not waited_for:
            return steps
        done = wait(waited_for, PATIENCE_S).done
        under_way = {
            of_network: {each: n for each, n in begun.items() if each not in done}
            for of_network, begun in under_way.items()
        }


def sweep_lines(clock: Callable[[], datetime] = timezone.now) -> int:
    """Does what is due of lines, by their clocks. Returns how many were touched."""
    swept = sweep(clock(), done=resting(), batch=LINES_BESIDE_PEOPLE)
    return swept.total() + by_test_clocks(_sweep_by)


def resting() -> Callable[[object], None]:
    """Called after each batch, waits three times as long as that took: holders come first.

    A processor that is busy with batch after batch is one less for them, and so is the disk.
    `keepline sweep`, by hand, does not rest.
    """
    began_s = monotonic()

    def rest(_counts: object) -> None:
        nonlocal began_s
        sleep(min(RESTS * (monotonic() - began_s), LONGEST_REST_S))
        began_s = monotonic()

    return rest


def _sweep_by(clock: Clock, clock_id: int) -> int:
    return sweep(clock(), Which(clock_id), clocks.accounts_by(clock_id)).total()


def reconcile_all(
    clock: Callable[[], datetime] = timezone.now, span: timedelta = RECONCILED_SPAN
) -> int:
    """Compares the books of the last days with every provider's; how many differences are left."""
    now, left = clock(), 0
    for provider in switchboard.providers():
        try:
            left += len(reconcile(provider, now - span, now, "worker", now).left)
        except ProviderUnknown as silent:  # the next span has these days in it as well
            log.warning("provider_not_reconciled", provider=provider, reason=str(silent))
    return left


def forget_webhooks(clock: Callable[[], datetime] = timezone.now) -> int:
    """Erases what webhooks said when they are older than WEBHOOKS_KEPT; how many."""
    before = clock() - WEBHOOKS_KEPT
    return payments.forget_bodies(before) + notices.forget(before)


def forget_messages(clock: Callable[[], datetime] = timezone.now) -> int:
    """Erases received messages whose time is over, by the clocks of their accounts; how many."""
    return erase_messages(clock()) + by_test_clocks(lambda at, own: erase_messages(at(), own))


def match_receipts(clock: Callable[[], datetime] = timezone.now) -> int:
    """Receipts that came before their messages were noted as sent; how many."""
    done = matched = take_sms.match_late(clock())
    while matched == take_sms.MATCHED_AT_ONCE:
        matched = take_sms.match_late(clock())
        done += matched
    return done


def hand_on_late_sms(clock: Callable[[], datetime] = timezone.now) -> int:
    """Messages of which parts did not come in time; and forgets what cannot be repeated."""
    now = clock()
    handed_on = take_sms.hand_on_late(now)
    heard.forget(now)
    early_receipts.forget(now)
    return handed_on
