"""Carriers with elements of their own: while one is down, the lines of the other go on."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from django.core.cache import cache

from keepline.audit.models import AuditEvent
from keepline.catalog import queries as catalog
from keepline.catalog.models import Carrier
from keepline.config import outages
from keepline.core.network_drift import Policy
from keepline.flows import renew_line
from keepline.flows.deliver_order import deliver_many
from keepline.flows.follow_network import follow
from keepline.flows.line_at_network import let_network_follow, subscribers_of
from keepline.flows.reconcile_network import Difference, reconcile_network
from keepline.flows.sale import needed_by, promised
from keepline.gateways import switchboard
from keepline.gateways.network.fake import FakeNetwork
from keepline.gateways.network.port import NetworkRecord, NetworkUnknown, Subscriber
from keepline.lines import services as lines
from keepline.lines.models import Line, NetworkDue
from keepline.orders.models import Order
from tests import cast as stage_of
from tests.cast import NOW, Cast, assemble
from tests.flows.acts import request

pytestmark = pytest.mark.django_db


@pytest.fixture
def elements(tmp_path: Path) -> Iterator[dict[str, FakeNetwork]]:
    """Of two carriers, and of all others."""
    found = {
        name: FakeNetwork(tmp_path / f"{name or 'usual'}.sqlite3", timeout_s=0.2)
        for name in ("", "ais", "true-th")
    }
    before = dict(switchboard._factories)
    switchboard.connect("network", lambda: found[""])
    for name in ("ais", "true-th"):
        switchboard.connect_own("network", name, lambda name=name: found[name])
    switchboard.put_before_elements(outages._behind_a_breaker)
    switchboard.put_up(outages.is_down)
    cache.clear()
    yield found
    switchboard._boards.clear()
    switchboard._factories.clear()
    for port, factory in before.items():
        switchboard.connect(port, factory)


@pytest.fixture
def stage(elements: dict[str, FakeNetwork]) -> Cast:
    """Alice's line is on one carrier, and her second on the other."""
    return assemble(delivery="network", wallet_minor=5000)


def on(line_id: object, carrier: str) -> None:
    row, _ = Carrier.objects.get_or_create(
        code=carrier, defaults={"name": carrier, "country": "TH"}
    )
    Line.objects.filter(id=line_id).update(carrier_id=row.id)


@pytest.fixture
def pair(stage: Cast) -> tuple[object, object]:
    other = stage_of.line(stage.account, stage.plan)
    on(stage.line.id, "ais")
    on(other.id, "true-th")
    for place, line_id in enumerate((stage.line.id, other.id)):
        Line.objects.filter(id=line_id).update(e164=447700900700 + place)
    catalog.forget()
    return stage.line.id, other.id


def held(element: FakeNetwork, stage: Cast, line_id: object) -> bool:
    line = lines.read_line(line_id, stage.account.id)  # type: ignore[arg-type]
    return element.read(subscribers_of([line])[line.id]) is not None


def test_renewals_go_on_beside_one_that_is_down(
    stage: Cast, pair: tuple[object, object], elements: dict[str, FakeNetwork]
) -> None:
    elements["ais"].set_behaviour("down")
    orders = [
        renew_line.start(request(stage, line_id=line_id, key=f"key-000{n}"), NOW).order_id
        for n, line_id in enumerate(pair)
    ]
    for _ in range(4):
        deliver_many(orders, NOW)
    states = [Order.objects.by_id(order_id).state for order_id in orders]
    assert states == ["held", "completed"]
    assert held(elements["true-th"], stage, pair[1])
    assert not held(elements[""], stage, pair[1])
    down, up = (Order.objects.by_id(order_id) for order_id in orders)
    assert promised(600, needed_by(down)) > promised(600, needed_by(up))
    assert switchboard.is_down("network", "ais")
    assert not switchboard.is_down("network", "true-th")
    assert not switchboard.is_down("network")


def test_lines_that_the_clock_changed_likewise(
    stage: Cast, pair: tuple[object, object], elements: dict[str, FakeNetwork]
) -> None:
    elements["ais"].set_behaviour("down")
    let_network_follow(list(pair), NOW)  # type: ignore[arg-type]
    followed = follow(NOW)
    assert (followed.done, followed.silent) == (1, 1)
    assert held(elements["true-th"], stage, pair[1])
    assert NetworkDue.objects.get().id == pair[0]


def test_comparing_goes_on_beside_one_that_is_silent(
    stage: Cast, pair: tuple[object, object], elements: dict[str, FakeNetwork]
) -> None:
    elements["ais"].set_behaviour("down")
    told: list[Difference] = []
    found = reconcile_network("operator", NOW, None, told.extend)
    assert (found.compared, dict(found.unread), found.left) == (1, {"ais": 1}, 1)
    assert [each.line_id for each in told] == [pair[1]], "the other's is compared"
    facts = AuditEvent.objects.get(action="network.reconciled").facts
    assert (facts["compared"], facts["unread"]) == (1, 1)
    elements["ais"].set_behaviour("normal")
    cache.clear()
    found = reconcile_network("operator", NOW, Policy.GIVE)
    assert found.marked + found.unread.total() == 2


def test_one_that_falls_silent_in_between(
    stage: Cast,
    pair: tuple[object, object],
    elements: dict[str, FakeNetwork],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It answered once that a line is missing, and not when it was asked again."""
    read_many, asked = elements["ais"].read_many, []

    def once(subscribers: Sequence[Subscriber]) -> Sequence[NetworkRecord | None]:
        asked.append(len(subscribers))
        if len(asked) > 1:
            raise NetworkUnknown("it fell silent")
        return read_many(subscribers)

    monkeypatch.setattr(elements["ais"], "read_many", once)
    found = reconcile_network("operator", NOW, None)
    assert (found.compared, dict(found.unread)) == (1, {"ais": 1})
    assert found.left == 1


def test_without_own_elements_nothing_is_asked_of_carriers() -> None:
    stage = assemble()
    assert not switchboard.has_own("network")
    line = lines.read_line(stage.line.id, stage.account.id)
    assert subscribers_of([line])[line.id].carrier == ""
    assert switchboard.element_of("network", "ais") == "network"
