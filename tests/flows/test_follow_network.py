"""follow_network: what the clock and staff change of a line, the network hears; late words lose."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.core.lifecycle.line import LineEvent
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.follow_network import Followed, follow
from keepline.flows.go_live import go_live
from keepline.flows.line_at_network import let_network_follow
from keepline.flows.reclaim_number import ReclaimRequest, reclaim
from keepline.flows.sweep_lines import sweep
from keepline.gateways import switchboard
from keepline.gateways.network.port import NetworkAnswer, NetworkOperation, NetworkUnknown
from keepline.lines import network_due
from keepline.lines.models import NetworkDue, Validity
from keepline.orders.models import Order
from tests.cast import NOW, Cast, assemble
from tests.doubles import ScriptedNetwork
from tests.flows.acts import let_go, move_line, request

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
