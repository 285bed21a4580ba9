"""Several elements as one network: each line at its carrier's, one that is down keeps nobody."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from keepline.gateways.breaker import Breaker
from keepline.gateways.network.by_carrier import NetworkByCarrier
from keepline.gateways.network.fake import FakeNetwork
from keepline.gateways.network.port import (
    DesiredService,
    NetworkAnswer,
    NetworkGateway,
    NetworkOperation,
    NetworkRecord,
    NetworkUnknown,
    Subscriber,
)
from tests.gateways.contract_network import NetworkContract, Weather, Witness
from tests.gateways.test_fake_network import FakeWeather

ACTIVE = DesiredService("active", datetime(2026, 5, 1, tzinfo=UTC), None, None, None)
ELSE = "anybody-else"


@pytest.fixture
def elements(tmp_path: Path) -> dict[str, FakeNetwork]:
    return {
        name: FakeNetwork(tmp_path / f"{name or 'usual'}.sqlite3", timeout_s=0.3)
        for name in ("", "ais", "true-th")
    }


@pytest.fixture
def network(elements: dict[str, FakeNetwork]) -> NetworkByCarrier:
    return NetworkByCarrier(elements)  # type: ignore[arg-type]


class TestByCarrierContract(NetworkContract):
    """As a network of one element, whose lines name a carrier without one of its own."""

    @pytest.fixture
    def network(self, elements: dict[str, FakeNetwork]) -> NetworkGateway:
        found: NetworkGateway = NetworkByCarrier({"": elements[""], "ais": elements["ais"]})  # type: ignore[dict-item]
        return found

    @pytest.fixture
    def weather(self, elements: dict[str, FakeNetwork]) -> Weather:
        return FakeWeather(elements[""])

    @pytest.fixture
    def witness(self, elements: dict[str, FakeNetwork]) -> Witness:
        def seen(subscriber: Subscriber) -> tuple[int | None, str] | None:
            record = elements[""].read(subscriber)
            return None if record is None else (record.msisdn, record.service.state)

        return seen


def who(carrier: str, number: int = 66810000001, **changes: object) -> Subscriber:
    line = Subscriber(str(uuid4()), number, None, None, carrier=carrier)
    return replace(line, **changes)  # type: ignore[arg-type]


def op(subscriber: Subscriber, desired: DesiredService | None = ACTIVE) -> NetworkOperation:
    return NetworkOperation(uuid4(), subscriber, desired)


def where(elements: dict[str, FakeNetwork], subscriber: Subscriber) -> set[str]:
    """At which elements the line has anything."""
    found = {name: element.read(subscriber) for name, element in elements.items()}
    return {name for name, record in found.items() if record is not None}


def test_each_line_is_told_to_its_carriers(
    network: NetworkByCarrier, elements: dict[str, FakeNetwork]
) -> None:
    lines = [who("ais", 1), who("true-th", 2), who(ELSE, 3), who("", 4), who("ais", 5)]
    answers = network.apply_many([op(each) for each in lines])
    assert [each.outcome for each in answers if isinstance(each, NetworkAnswer)] == [
        "confirmed"
    ] * 5
    homes = [where(elements, each) for each in lines]
    assert homes == [{"ais"}, {"true-th"}, {""}, {""}, {"ais"}]
    records = network.read_many(lines)
    held = [each.msisdn for each in records if isinstance(each, NetworkRecord)]
    assert held == [1, 2, 3, 4, 5]
    assert network.read(lines[0]) == records[0]
    assert network.complaints() == []
    assert network.remembers
    assert "valid_until" in network.keeps


def test_one_that_is_down_keeps_nobody(
    network: NetworkByCarrier, elements: dict[str, FakeNetwork]
) -> None:
    elements["ais"].set_behaviour("down")
    lines = [who("ais", 1), who("true-th", 2), who("ais", 3), who("", 4)]
    operations = [op(each) for each in lines]
    answers = network.apply_many(operations)
    silent = [isinstance(each, NetworkUnknown) for each in answers]
    assert silent == [True, False, True, False]
    asked = network.ask_many(operations)
    assert [isinstance(each, NetworkUnknown) for each in asked] == silent
    with pytest.raises(NetworkUnknown):
        network.apply(op(lines[0]))
    assert network.apply(op(lines[1])).outcome == "confirmed"
    read = network.read_many(lines)
    assert [isinstance(each, NetworkUnknown) for each in read] == silent
    elements["ais"].set_behaviour("normal")
    again = network.apply_many(operations)
    assert not any(isinstance(each, NetworkUnknown) for each in again)


def test_elements_are_told_at_the_same_time(tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=5)

    class Slow(FakeNetwork):
        def apply_many(self, operations):  # type: ignore[no-untyped-def]
            together.wait()
            return super().apply_many(operations)

    network = NetworkByCarrier(
        {name: Slow(tmp_path / f"{name}.sqlite3") for name in ("ais", "true-th")}  # type: ignore[arg-type]
    )
    answers = network.apply_many([op(who("ais")), op(who("true-th"))])
    assert not any(isinstance(each, NetworkUnknown) for each in answers)


def test_each_element_has_a_breaker_of_its_own(elements: dict[str, FakeNetwork]) -> None:
    told = list[tuple[str, float]]()
    guarded = {
        name: Breaker(element, NetworkUnknown, partial(lambda n, s: told.append((n, s)), name))
        for name, element in elements.items()
    }
    network = NetworkByCarrier(guarded)  # type: ignore[arg-type]
    elements["ais"].set_behaviour("down")
    for _ in range(3):
        network.apply_many([op(who("ais", 1)), op(who("true-th", 2))])
    assert [name for name, seconds in told if seconds] == ["ais"]
    elements["ais"].set_behaviour("slow:9")  # nobody waits for it any more
    began = time.monotonic()
    answers = network.apply_many([op(who("ais", 1)), op(who("true-th", 2))])
    assert [isinstance(each, NetworkUnknown) for each in answers] == [True, False]
    assert time.monotonic() - began < 2


def test_a_line_that_moves_leaves_first(
    network: NetworkByCarrier, elements: dict[str, FakeNetwork]
) -> None:
    old = who("ais")
    new = replace(old, carrier="true-th", iccid="8966000000000000001")
    network.apply(op(old))
    moving = op(replace(new, former=old))
    elements["true-th"].set_behaviour("down")
    assert isinstance(network.apply_many([moving])[0], NetworkUnknown)
    elements["true-th"].set_behaviour("normal")
    assert where(elements, old) == set(), "never at both"
    elements["ais"].set_behaviour("down")
    with pytest.raises(NetworkUnknown):  # whether it has left is not known, so nobody serves it
        network.apply(moving)
    elements["ais"].set_behaviour("normal")
    assert network.apply_many([moving])[0].outcome == "confirmed"  # type: ignore[union-attr]
    assert where(elements, new) == {"true-th"}
    assert network.ask(moving).outcome == "confirmed"


def test_and_goes_back(network: NetworkByCarrier, elements: dict[str, FakeNetwork]) -> None:
    old = who("ais")
    new = replace(old, carrier="true-th", iccid="8966000000000000001")
    network.apply(op(old))
    moving = op(replace(new, former=old))
    network.apply(moving)
    elements["true-th"].set_behaviour("down")
    with pytest.raises(NetworkUnknown):
        network.revert(moving.operation_id, replace(old, former=new), ACTIVE)
    elements["true-th"].set_behaviour("normal")
    assert where(elements, old) == {"true-th"}, "the old one waits until the new one has let go"
    for _ in range(2):
        answer = network.revert(moving.operation_id, replace(old, former=new), ACTIVE)
        assert (answer.outcome, answer.read_back) == ("reverted", ACTIVE)
        assert where(elements, old) == {"ais"}


def test_a_carrier_without_any_element_has_no_answer(elements: dict[str, FakeNetwork]) -> None:
    network = NetworkByCarrier({"ais": elements["ais"]})  # type: ignore[dict-item]
    answers = network.apply_many([op(who("")), op(who("ais"))])
    assert [isinstance(each, NetworkUnknown) for each in answers] == [True, False]
    with pytest.raises(NetworkUnknown):
        network.apply(op(who("")))
