"""The bridge's adapter keeps the contract, with the fake clearing house as a process; so does the
clearing house in memory that tests of flows have."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from keepline.gateways.porting.port import ClearingHouse
from tests.gateways.contract_porting import Backstage, PortingContract
from tests.gateways.porting_process import PortingProcess, porting_process
from tests.porting import ScriptedHouse

NAMES = {"ours": "keepline", "theirs": "other"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortingProcess]:
    with porting_process(tmp_path_factory.mktemp("house")) as process:
        yield process


class FakeBackstage:
    """By the fake's /control."""

    def __init__(self, process: PortingProcess) -> None:
        self.process = process

    def give(self, e164: int, to: str) -> None:
        self.process.enter(e164, operator=NAMES[to])

    def owner(self, e164: int) -> str:
        found = self.process.owner(e164)
        return {name: word for word, name in NAMES.items()}.get(found, found)

    def swallow_answer(self) -> None:
        self.process.behave(mode="no_answer", times=1)

    def swallow_call(self) -> None:
        self.process.behave(mode="lost", times=1)


class TestBridgeContract(PortingContract):
    @pytest.fixture
    def ours(self, running: PortingProcess) -> ClearingHouse:
        running.call("DELETE", "/behaviour").raise_for_status()
        return running.adapter()

    @pytest.fixture
    def theirs(self, running: PortingProcess) -> ClearingHouse:
        return running.adapter("other")

    @pytest.fixture
    def backstage(self, running: PortingProcess) -> Backstage:
        return FakeBackstage(running)


class ScriptedBackstage:
    """The script of both operators."""

    def __init__(self, ours: ScriptedHouse, theirs: ScriptedHouse) -> None:
        self.ours, self.script = ours, ours.script
        assert theirs.script is self.script

    def give(self, e164: int, to: str) -> None:
        self.ours.owns(e164, NAMES[to])

    def owner(self, e164: int) -> str:
        found = self.ours.owner(e164) or ""
        return {name: word for word, name in NAMES.items()}.get(found, found)

    def swallow_answer(self) -> None:
        self.script.append("mute")

    def swallow_call(self) -> None:
        self.script.append("lost")


class TestScriptedContract(PortingContract):
    @pytest.fixture
    def ours(self) -> ScriptedHouse:
        return ScriptedHouse()

    @pytest.fixture
    def theirs(self, ours: ScriptedHouse) -> ScriptedHouse:
        found = replace(ours, operator="other")
        found.books = ours.books
        return found

    @pytest.fixture
    def backstage(self, ours: ScriptedHouse, theirs: ScriptedHouse) -> Backstage:
        return ScriptedBackstage(ours, theirs)
