"""follow_network: what the clock and staff change of a line, the network hears; late words lose."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from time import monotonic, sleep
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.attach_clock import attach_clock
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_network import Followed, follow
from keepline.flows.go_live import go_live
from keepline.flows.line_at_network import let_network_follow, standing_of
from keepline.flows.move_clock import move_clock
from keepline.flows.open_clock import open_clock
from keepline.flows.reclaim_number import ReclaimRequest, reclaim
from keepline.flows.sweep_lines import sweep
from keepline.gateways import switchboard
from keepline.gateways.network.port import (
    DesiredService,
    NetworkAnswer,
    NetworkOperation,
    NetworkUnknown,
    Subscriber,
)
from keepline.lines import network_due
from keepline.lines import services as lines
from keepline.lines.models import NetworkDue, Validity
from keepline.orders.models import Order
from keepline.slots.ids import new_id
from keepline.workers import due
from tests.cast import NOW, Cast, assemble, line
from tests.doubles import ScriptedNetwork
from tests.flows.acts import let_go, move_line, request
from tests.flows.at_once import at_once, work_off
from tests.inventory import shelves

pytestmark = pytest.mark.django_db
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def cast() -> Cast:
    return assemble(line_fields={"valid_until": NOW - MINUTE, "e164": 4479_0000_0001})


def grace(service: str) -> None:
    Policy.objects.update(grace_service=service)
    catalog.forget()


def at_the_network(network: ScriptedNetwork, cast: Cast) -> str:
    service = network.lines.get(str(cast.line.id))
    return service.state if service else "nothing"


def mark(*line_ids: UUID) -> None:
    with transaction.atomic():
        let_network_follow(line_ids, NOW)


def row(cast: Cast) -> NetworkDue:
    found: NetworkDue = NetworkDue.objects.by_id(cast.line.id)
    return found


def test_a_line_that_runs_out_is_told_until_it_is_gone(
    cast: Cast, network: ScriptedNetwork
) -> None:
    """Expired, suspended, withdrawn: nobody asked for anything by hand."""
    sweep(NOW)
    assert Validity.objects.by_id(cast.line.id).state == "grace"
    assert follow(NOW) == Followed(claimed=1, done=1)
    assert at_the_network(network, cast) == "inbound_only"
    sweep(NOW + 31 * DAY)
    assert follow(NOW).done == 1  # by real time, whatever the sweep's
    assert at_the_network(network, cast) == "off"
    let_go(cast, 4479_0000_0002, {}, NOW + 200 * DAY)
    assert follow(NOW).done == 1
    assert at_the_network(network, cast) == "nothing"
    assert not NetworkDue.objects.exists()
    assert follow(NOW) == Followed()


@pytest.mark.parametrize(
    ("service", "keeps", "told"),
    [
        ("inbound", {"state"}, True),
        ("none", {"state"}, True),
        ("full", {"state"}, False),
        ("full", {"state", "valid_until"}, True),  # it would end the service with the old expiry
    ],
)
def test_full_grace_is_told_only_to_who_holds_expiries(
    cast: Cast, network: ScriptedNetwork, service: str, keeps: set[str], told: bool
) -> None:
    grace(service)
    network.keeps = frozenset(keeps)
    sweep(NOW)
    assert NetworkDue.objects.exists() is told
    follow(NOW)
    if told and service == "full":
        assert network.lines[str(cast.line.id)].valid_until is None


def test_nobody_is_marked_without_a_network(cast: Cast) -> None:
    without = switchboard._factories.pop("network")
    try:
        sweep(NOW)
        assert not NetworkDue.objects.exists()
        assert follow(NOW) == Followed()
    finally:
        switchboard.connect("network", without)


def test_a_line_that_sleeps_is_not_marked_until_it_wakes(
    cast: Cast, network: ScriptedNetwork
) -> None:
    Validity.objects.update(dormant=True, next_step=None, next_action_at=None)
    mark(cast.line.id)
    assert not NetworkDue.objects.exists()
    go_live("cli", NOW)
    follow(NOW)
    assert at_the_network(network, cast) == "inbound_only"


def test_what_moved_while_it_was_told_is_told_again(cast: Cast, network: ScriptedNetwork) -> None:
    """By a change that marks, and by one that does not."""
    mark(cast.line.id)
    real, changes = network.apply_many, iter(("blocked", "longer"))

    def moved_meanwhile(operations: list[NetworkOperation]) -> list[NetworkAnswer | NetworkUnknown]:
        answers = real(operations)
        match next(changes, None):
            case "blocked":
                move_line(cast, LineEvent.BLOCK)
                mark(cast.line.id)
            case "longer":
                Validity.objects.update(valid_until=NOW + 9 * DAY)
                move_line(cast, LineEvent.UNBLOCK)
        return answers

    network.apply_many = moved_meanwhile  # type: ignore[method-assign,assignment]
    assert follow(NOW).done == 0
    assert at_the_network(network, cast) == "active"
    assert row(cast).told_until is None
    assert follow(NOW).done == 0
    assert at_the_network(network, cast) == "off"
    assert follow(NOW).done == 1
    assert network.lines[str(cast.line.id)].valid_until == NOW + 9 * DAY
    Validity.objects.update(valid_until=NOW - MINUTE)


def test_a_mark_during_the_telling_survives_its_end(cast: Cast) -> None:
    mark(cast.line.id)
    claim = network_due.claim(NOW, 10)
    mark(cast.line.id)
    assert network_due.claim(NOW, 10).lines == []  # nobody else tells of it meanwhile
    network_due.settle(claim, {cast.line.id}, [])
    assert (row(cast).version, row(cast).told_until) == (2, None)
    assert [each.id for each in network_due.claim(NOW, 10).lines] == [cast.line.id]


def test_who_died_is_followed_by_another_and_ends_nothing(cast: Cast) -> None:
    mark(cast.line.id)
    first = network_due.claim(NOW, 10)
    later = NOW + network_due.LEASE
    assert network_due.claim(later - timedelta(seconds=1), 10).lines == []
    second = network_due.claim(later, 10)
    assert [each.attempts for each in second.lines] == [2]
    network_due.settle(first, {cast.line.id}, [])  # it was only slow
    assert row(cast).claim_id == second.id


def test_a_silent_network_is_told_with_growing_pauses(cast: Cast, network: ScriptedNetwork) -> None:
    mark(cast.line.id)
    network.deaf = True
    now = NOW
    for seconds in (5, 10, 20, 40, 80, 160, 300, 300):
        assert not follow(now).may_go_on
        assert follow(now + timedelta(seconds=seconds - 1)).claimed == 0
        now += timedelta(seconds=seconds)
    network.deaf = False
    assert follow(now).done == 1
    assert not NetworkDue.objects.exists()


def test_a_refusal_is_kept_where_it_is_seen(cast: Cast, network: ScriptedNetwork) -> None:
    mark(cast.line.id)
    network.script = ["refuse"]
    assert follow(NOW).refused == 1
    assert row(cast).refusal_code == "no_such_card"
    assert follow(NOW + DAY - MINUTE).claimed == 0
    mark(cast.line.id)  # another change: the refusal was about what is over
    assert (row(cast).refusal_code, row(cast).attempts) == ("", 0)
    assert follow(NOW).done == 1


def test_an_element_with_a_memory_is_told_under_another_id_each_time(
    cast: Cast, network: ScriptedNetwork
) -> None:
    """Blocked, let go and blocked again at one instant: its first answer is not the last word."""
    sweep(NOW)
    for event, state in (
        (LineEvent.BLOCK, "off"),
        (LineEvent.UNBLOCK, "active"),  # as LINE says: whatever it was before
        (LineEvent.BLOCK, "off"),
    ):
        move_line(cast, event)
        mark(cast.line.id)
        assert follow(NOW).done == 1
        assert at_the_network(network, cast) == state


def test_a_line_whose_order_is_under_way_is_left_to_it(
    cast: Cast, network: ScriptedNetwork
) -> None:
    sweep(NOW)
    started = renew_line.start(request(cast), NOW)
    network.deaf = True
    assert advance(started.order_id, "en", NOW) is OrderState.HELD
    network.deaf = False
    assert follow(NOW) == Followed(claimed=1)
    assert network.lines == {}
    assert advance(started.order_id, "en", NOW + MINUTE) is OrderState.COMPLETED
    assert at_the_network(network, cast) == "active"
    assert follow(NOW + MINUTE).done == 1
    assert at_the_network(network, cast) == "active"


def test_an_order_waits_while_its_line_is_told_of(cast: Cast, network: ScriptedNetwork) -> None:
    """An off of before never overtakes the on that was paid for."""
    sweep(NOW)
    claim = network_due.claim(NOW, 10)
    started = renew_line.start(request(cast), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.IN_PROGRESS
    assert network.lines == {}
    order = Order.objects.by_id(started.order_id)
    assert order.next_action_at == NOW + timedelta(seconds=2)
    network_due.settle(claim, {cast.line.id}, [])
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED


def test_putting_back_waits_as_well(cast: Cast, network: ScriptedNetwork) -> None:
    sweep(NOW)
    started = renew_line.start(request(cast), NOW)
    network.script = ["mute"]
    advance(started.order_id, "en", NOW)
    late = NOW + 11 * MINUTE
    assert advance(started.order_id, "en", late) is OrderState.WITHDRAWN
    claim = network_due.claim(late, 10)
    advance(started.order_id, "en", late)
    assert Order.objects.by_id(started.order_id).undo_due
    assert at_the_network(network, cast) == "active"
    network_due.settle(claim, set(), [])
    advance(started.order_id, "en", late)
    assert at_the_network(network, cast) == "inbound_only"


def test_a_number_had_back_is_told_of_its_new_line(cast: Cast, network: ScriptedNetwork) -> None:
    """Also when the end of the old line was on its way to the network at that instant."""
    let_go(cast, 4479_0000_0002, {"USD": 100}, NOW)
    back = ReclaimRequest(cast.account.id, cast.line.id, "reclaim-0001", None, "user:1", "portal")
    real = network.apply_many

    def reclaimed_meanwhile(
        operations: list[NetworkOperation],
    ) -> list[NetworkAnswer | NetworkUnknown]:
        network.apply_many = real  # type: ignore[method-assign]
        reclaim(back, NOW)
        assert follow(NOW).done == 1
        return real(operations)

    network.apply_many = reclaimed_meanwhile  # type: ignore[method-assign,assignment]
    assert follow(NOW).done == 0
    (successor,) = Validity.objects.filter(state="suspended")
    assert {each.id for each in NetworkDue.objects.all()} == {cast.line.id, successor.id}
    assert follow(NOW).done == 2
    assert network.lines[str(successor.id)].state == "off"


def test_as_many_queries_for_many_lines_as_for_two(cast: Cast) -> None:
    """With numbers and cards, one living and one ended."""

    def queries(*line_ids: UUID) -> int:
        mark(*line_ids)
        with CaptureQueriesContext(connection) as captured:
            assert follow(NOW).done == len(line_ids)
        return len(captured)

    many = [cast.line.id]
    for place in range(8):
        states = {"state": LineState.TERMINATED} if place % 2 else {}
        names = {"e164": 4479_0000_0100 + place, "iccid": shelves.iccid(place)}
        many.append(line(cast.account, cast.plan, **names, **states).id)
    queries(*many)  # reads the policies, which are believed for a while
    two = queries(*many[1:3])
    assert queries(*many) == two


def test_what_is_due_is_found_by_its_index(cast: Cast) -> None:
    """Refused and waiting rows are not read to find those that are due."""
    rest = NOW + DAY
    NetworkDue.objects.bulk_create(
        NetworkDue(slot=slot, id=new_id(slot), due_at=rest, marked_at=NOW)
        for slot in range(256)
        for _ in range(20)
    )
    params = {"now": NOW, "limit": 200, "until": rest, "claim": cast.line.id}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {network_due.CLAIM}", params)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using networkdue_due" in plan, plan
    NetworkDue.objects.all().delete()


@pytest.mark.django_db(transaction=True)  # letters go out by threads
def test_a_test_clock_is_followed_as_it_moves(network: ScriptedNetwork) -> None:
    cast = assemble(line_fields={"e164": 4479_0000_0001})
    open_clock("spring", NOW, "cli", NOW)
    attach_clock("spring", cast.account.id, "cli", NOW)
    seen: list[str] = []
    for days in (11, 31, 100):
        move_clock("spring", days * DAY, "cli", NOW, due.work_off)
        seen.append(at_the_network(network, cast))
    assert seen == ["inbound_only", "off", "nothing"]


class WatchedNetwork(ScriptedNetwork):
    """Answers slowly, remembers nothing, and sees when two tell it of one line at once."""

    def __init__(self) -> None:
        super().__init__(remembers=False)
        self.at_work: set[str] = set()
        self.overlaps: list[str] = []
        self.moment = 0.06

    def _in_turn(self, subscriber: Subscriber, act: Callable[[], NetworkAnswer]) -> NetworkAnswer:
        if subscriber.line_ref in self.at_work:
            self.overlaps.append(subscriber.line_ref)
        self.at_work.add(subscriber.line_ref)
        try:
            sleep(self.moment)
            return act()
        finally:
            self.at_work.discard(subscriber.line_ref)

    def apply(self, operation: NetworkOperation) -> NetworkAnswer:
        def act() -> NetworkAnswer:
            self.done.pop(operation.operation_id, None)
            return ScriptedNetwork.apply(self, operation)

        return self._in_turn(operation.subscriber, act)

    def revert(
        self, operation_id: UUID, subscriber: Subscriber, standing: DesiredService | None
    ) -> NetworkAnswer:
        revert = partial(ScriptedNetwork.revert, self, operation_id, subscriber, standing)
        return self._in_turn(subscriber, revert)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_orders_staff_and_followers_at_once(hardly_any_limits: None) -> None:
    """Nobody tells the network of one line beside another, and the last word is the books'."""
    cast = assemble(delivery="network", wallet_minor=100_000)
    network, began = WatchedNetwork(), monotonic()
    switchboard.connect("network", lambda: network)
    network.script = [*["ok"] * 20, "mute"] * 3

    def clock() -> datetime:
        """Four times as fast as ours, so that those who wait come back."""
        return NOW + 4 * timedelta(seconds=monotonic() - began)

    def again(act: Callable[[], object]) -> None:
        while clock() < NOW + 28 * timedelta(seconds=1):  # the shortest lease outlasts it
            act()
            sleep(0.002)

    numbers = count()

    def renews() -> None:
        with suppress(FlowRefused):
            renew_line.start(request(cast, key=f"key-{next(numbers):04}"), clock())
        sleep(0.2)

    def staff_move() -> None:
        with transaction.atomic():
            locked = lines.lock_line(cast.line.id, cast.account.id)
            blocked = locked.state is LineState.BLOCKED
            event = LineEvent.UNBLOCK if blocked else LineEvent.BLOCK
            lines.transition(locked, event, "staff:1", "test", clock())
            let_network_follow([cast.line.id], clock())
        sleep(0.15 if blocked else 0.02)  # it is renewed while it lives

    def works() -> None:
        work_off(clock())

    acts = [renews, staff_move, works, works, *[lambda: follow(clock())] * 3]
    assert at_once([partial(again, act) for act in acts]) == [None] * len(acts)
    network.script, end = [], NOW
    for _ in range(60):
        end += MINUTE
        work_off(end)
        follow(end)
    assert network.overlaps == []
    assert not NetworkDue.objects.exists()
    line_now = lines.read_line(cast.line.id, cast.account.id)
    standing = standing_of(line_now, end)
    assert standing is not None
    assert network.lines[str(cast.line.id)].state == standing.state
    assert Order.objects.filter(state=OrderState.COMPLETED, kind="renewal").exists()
