"""The fake network keeps the contract, shares its memory and misbehaves as told."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from keepline.gateways.network.fake import FakeNetwork
from keepline.gateways.network.port import NetworkGateway, NetworkUnknown, Subscriber
from tests.gateways.contract_network import (
    ACTIVE,
    NetworkContract,
    Weather,
    Witness,
    a_subscriber,
    an_operation,
)


@pytest.fixture
def fake(tmp_path: Path) -> FakeNetwork:
    return FakeNetwork(tmp_path / "data" / "network.sqlite3")


class FakeWeather:
    """Sets the fake's behaviour for one call."""

    def __init__(self, fake: FakeNetwork) -> None:
        self.fake = fake

    def swallow_answer(self, line_ref: str) -> None:
        self.fake.set_behaviour("no_answer", line_ref, times=1)

    def swallow_operation(self, line_ref: str) -> None:
        self.fake.set_behaviour("lost", line_ref, times=1)

    def refuse(self, line_ref: str) -> None:
        self.fake.set_behaviour("refuse:sim_blocked", line_ref, times=1)

    def down(self) -> None:
        self.fake.set_behaviour("down")

    def up(self) -> None:
        self.fake.set_behaviour("normal")


class TestFakeNetworkContract(NetworkContract):
    @pytest.fixture
    def network(self, fake: FakeNetwork) -> NetworkGateway:
        return fake

    @pytest.fixture
    def weather(self, fake: FakeNetwork) -> Weather:
        return FakeWeather(fake)

    @pytest.fixture
    def witness(self, fake: FakeNetwork, tmp_path: Path) -> Witness:
        """Reads the file."""

        def seen(subscriber: Subscriber) -> tuple[int | None, str] | None:
            with closing(sqlite3.connect(tmp_path / "data" / "network.sqlite3")) as memory:
                row = memory.execute(
                    "SELECT msisdn, desired ->> 'state' FROM operations"
                    " WHERE line_ref = ? AND state = 'applied' ORDER BY seq DESC LIMIT 1",
                    (subscriber.line_ref,),
                ).fetchone()
            return None if row is None or row[1] is None else row

        return seen


def test_line_stands_above_everything(fake: FakeNetwork) -> None:
    good, bad = an_operation(), an_operation()
    fake.set_behaviour("refuse")
    fake.set_behaviour("normal", good.subscriber.line_ref)
    assert fake.apply(good).outcome == "confirmed"
    assert (fake.apply(bad).outcome, fake.apply(bad).code) == ("rejected", "not_allowed")


def test_times_count_down(fake: FakeNetwork) -> None:
    fake.set_behaviour("refuse", times=2)
    outcomes = [fake.apply(an_operation()).outcome for _ in range(3)]
    assert outcomes == ["rejected", "rejected", "confirmed"]


def test_questions_do_not_use_up_an_order(fake: FakeNetwork) -> None:
    operation = an_operation()
    fake.set_behaviour("no_answer", times=1)
    fake.ask(operation)
    fake.read(operation.subscriber)
    with pytest.raises(NetworkUnknown):
        fake.apply(operation)


def test_slow_waits_and_gives_up_at_its_time_out(tmp_path: Path) -> None:
    slept: list[float] = []
    fake = FakeNetwork(tmp_path / "network.sqlite3", timeout_s=3, sleep=slept.append)
    fake.set_behaviour("slow:2", times=1)
    assert fake.apply(an_operation()).outcome == "confirmed"
    fake.set_behaviour("slow:60", times=1)
    with pytest.raises(NetworkUnknown):
        fake.apply(an_operation())
    assert slept == [2.0, 3.0]


def test_late_is_applied_afterwards(tmp_path: Path) -> None:
    now = [1000.0]
    fake = FakeNetwork(tmp_path / "network.sqlite3", clock=lambda: now[0])
    operation, other = an_operation(), an_operation()
    fake.set_behaviour("late:600", times=2)
    for each in (operation, other):
        with pytest.raises(NetworkUnknown):
            fake.apply(each)
    assert fake.ask(operation).outcome == "not_found"
    fake.revert(other.operation_id, other.subscriber, None)
    now[0] += 601
    assert fake.ask(operation).outcome == "confirmed"
    record = fake.read(operation.subscriber)
    assert record is not None
    assert record.service == ACTIVE
    assert fake.read(other.subscriber) is None  # taken back before it could be applied


@pytest.mark.parametrize("word", ["", "slow", "slow:x", "refuse:", "sometimes", "lost "])
def test_unknown_behaviour_is_refused(fake: FakeNetwork, word: str) -> None:
    with pytest.raises(ValueError, match="no behaviour"):
        fake.set_behaviour(word)


def test_behaviour_can_be_set_from_outside(fake: FakeNetwork, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "data" / "network.sqlite3")) as memory:
        memory.execute("INSERT INTO behaviour VALUES ('*', 'refuse:pool_full', NULL)")
        memory.commit()
    assert fake.apply(an_operation()).code == "pool_full"


def test_memory_that_cannot_be_used_is_no_answer(fake: FakeNetwork, tmp_path: Path) -> None:
    for file in (tmp_path / "data").iterdir():
        file.write_bytes(b"this is not a database, but it is long enough to be looked at" * 20)
    with pytest.raises(NetworkUnknown):
        fake.apply(an_operation())


def test_many_at_once_apply_once_each(fake: FakeNetwork, tmp_path: Path) -> None:
    operations = [an_operation() for _ in range(20)]
    twin = FakeNetwork(tmp_path / "data" / "network.sqlite3")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(fake.apply, operations)) + list(pool.map(twin.apply, operations))
    assert {answer.outcome for answer in answers} == {"confirmed"}
    with closing(sqlite3.connect(tmp_path / "data" / "network.sqlite3")) as memory:
        assert memory.execute("SELECT count(*) FROM operations").fetchone() == (20,)


def test_another_process_killed_leaves_what_it_was_answered(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from keepline.gateways.network.fake import FakeNetwork\n"
        "from tests.gateways.contract_network import an_operation\n"
        "network = FakeNetwork(Path(sys.argv[1]))\n"
        "while True:\n"
        "    operation = an_operation()\n"
        "    assert network.apply(operation).outcome == 'confirmed'\n"
        "    print(operation.subscriber.line_ref, flush=True)\n"
    )
    state = tmp_path / "network.sqlite3"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", program, str(state)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        first = other.stdout.readline()
        time.sleep(0.3)
        other.send_signal(signal.SIGKILL)
        lines = [first, *other.stdout.readlines()]
    whole = [line.strip() for line in lines if line.endswith("\n")]
    assert whole
    network = FakeNetwork(state)
    records = network.read_many([a_subscriber(line_ref) for line_ref in whole])
    assert {record and record.service for record in records} == {ACTIVE}
