"""reconcile_network: what differs is named, what may be mended is marked, what moves is left."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.line import LineState
from keepline.core.network_drift import Drift, Policy
from keepline.core.network_service import DesiredService
from keepline.flows import reconcile_network, renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_network import follow
from keepline.flows.reconcile_network import Difference
from keepline.flows.reconcile_network import reconcile_network as run
from keepline.gateways import switchboard
from keepline.gateways.network.port import NetworkRecord, NetworkUnknown, Subscriber
from keepline.lines.models import Line, NetworkDue, Validity
from tests.cast import NOW, Cast, assemble, line
from tests.doubles import ScriptedNetwork
from tests.flows.acts import request

pytestmark = pytest.mark.django_db
ACTIVE = DesiredService("active", None, None, None, None)
OFF = replace(ACTIVE, state="off")
NUMBER = 4479_0000_0000


class NumberedNetwork(ScriptedNetwork):
    """Holds numbers of its own as well."""

    numbers: dict[str, int]

    def read(self, subscriber: Subscriber) -> NetworkRecord | None:
        if self.deaf:
            raise NetworkUnknown("deaf")
        found = super().read(subscriber)
        number = self.numbers.get(subscriber.line_ref)
        return replace(found, msisdn=number) if found and number else found


@pytest.fixture
def holding() -> NumberedNetwork:
    network = NumberedNetwork()
    network.numbers = {}
    switchboard.connect("network", lambda: network)
    return network


@pytest.fixture
def cast() -> Cast:
    return assemble(line_fields={"e164": NUMBER})


def lines_of(cast: Cast, count: int) -> list[UUID]:
    more = [line(cast.account, cast.plan, e164=NUMBER + n) for n in range(1, count)]
    return [cast.line.id, *(each.id for each in more)]


def found(policy: Policy | None = None) -> tuple[dict[UUID, Drift], list[Difference]]:
    told: list[Difference] = []
    result = run("operator", NOW, policy, told.extend)
    assert sum(result.differences.values()) == len(told)
    assert result.marked == sum(each.marked for each in told)
    return {each.line_id: each.drift for each in told}, told


@pytest.mark.books_broken
def test_each_line_that_differs_is_named_and_nothing_is_changed(
    cast: Cast, holding: NumberedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile_network, "PAGE", 2)
    agrees, missing, off, renumbered, ended = lines_of(cast, 5)
    Validity.objects.filter(id=ended).update(state=LineState.PROVISIONING)
    holding.lines = {str(each): ACTIVE for each in (agrees, renumbered, ended)} | {str(off): OFF}
    holding.numbers = {str(renumbered): 4911}
    by_line, _ = found()
    assert by_line == {
        missing: Drift.MISSING,
        off: Drift.OTHER_SERVICE,
        renumbered: Drift.OTHER_NUMBER,
        ended: Drift.NOT_WANTED,
    }
    assert not NetworkDue.objects.exists()
    facts = AuditEvent.objects.get(action="network.reconciled").facts
    assert (facts["compared"], facts["missing"], facts["marked"]) == (5, 1, 0)


def test_a_repair_lets_the_network_follow(cast: Cast, holding: NumberedNetwork) -> None:
    first, second = lines_of(cast, 2)
    holding.lines = {str(first): OFF}
    by_line, told = found(Policy.ALL)
    assert set(by_line) == {first, second}
    assert all(each.marked for each in told)
    assert found() == ({}, []), "what is on its way is left alone"
    follow(NOW)
    assert {state.state for state in holding.lines.values()} == {"active"}
    result = run("operator", NOW, Policy.ALL)
    assert (result.compared, result.left_alone, result.left) == (2, 0, 0)
    assert not result.differences


@pytest.mark.books_broken
@pytest.mark.parametrize(("policy", "marked"), [(Policy.GIVE, 0), (Policy.TAKE, 1)])
def test_a_policy_mends_only_what_it_may(
    policy: Policy, marked: int, cast: Cast, holding: NumberedNetwork
) -> None:
    given, taken = lines_of(cast, 2)
    Validity.objects.filter(id=taken).update(state=LineState.SUSPENDED, since_at=NOW)
    holding.lines = {str(given): OFF, str(taken): ACTIVE}
    _, told = found(policy)
    assert [each.line_id for each in told if each.marked] == [[given, taken][marked]]
    assert NetworkDue.objects.count() == 1


def test_lines_with_an_order_under_way_are_left_alone(cast: Cast, holding: NumberedNetwork) -> None:
    cast.plan.delivery = "network"
    cast.plan.save()
    renew_line.start(request(cast), NOW)
    result = run("operator", NOW, Policy.ALL)
    assert (result.compared, result.left_alone, result.marked) == (0, 1, 0)


def test_what_moves_while_the_network_is_read_is_no_difference(
    cast: Cast, holding: NumberedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_many = holding.read_many
    answers: list[object] = []

    def late(subscribers: list[Subscriber]) -> list[NetworkRecord | None]:
        answers.append(read_many(subscribers))
        holding.lines = {str(cast.line.id): ACTIVE}
        return answers[-1]  # type: ignore[return-value]

    monkeypatch.setattr(holding, "read_many", late)
    assert found() == ({}, [])
    assert len(answers) == 2


@pytest.mark.books_broken
def test_sleeping_and_nameless_lines_are_not_compared(cast: Cast, holding: NumberedNetwork) -> None:
    Line.objects.filter(id=cast.line.id).update(e164=None)
    sleeping = line(cast.account, cast.plan, e164=NUMBER + 7)
    Validity.objects.filter(id=sleeping.id).update(dormant=True)
    result = run("operator", NOW, Policy.ALL)
    assert (result.compared, result.left_alone) == (0, 1)


def test_a_network_that_is_silent_is_said(cast: Cast, holding: NumberedNetwork) -> None:
    holding.deaf = True
    with pytest.raises(NetworkUnknown):
        run("operator", NOW + timedelta(days=1), Policy.ALL)
    assert not AuditEvent.objects.filter(action="network.reconciled").exists()


def test_without_a_network_there_is_nothing_to_compare(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(switchboard._factories, "network")
    with pytest.raises(FlowRefused, match="no_network"):
        run("operator", NOW, None)
