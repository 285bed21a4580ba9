"""The bridge's adapter keeps the contract, with the fake identity provider as a process; so does
the provider in memory that tests of flows have."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from keepline.gateways.identity.port import IdentityChecker
from tests.gateways.contract_identity import Backstage, IdentityContract
from tests.gateways.identity_process import IdentityProcess, identity_process
from tests.identity import SIGNER, ScriptedChecker


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProcess]:
    with identity_process(tmp_path_factory.mktemp("identity")) as process:
        yield process


class FakeBackstage:
    """By the fake's /control."""

    def __init__(self, process: IdentityProcess) -> None:
        self.process = process

    def decide(self, check_id: UUID, result: str = "verified", **facts: Any) -> None:
        answer = self.process.call("PUT", f"/checks/{check_id}", result=result, **facts)
        answer.raise_for_status()

    def callback(self, check_id: UUID, now: datetime) -> tuple[Mapping[str, str], bytes]:
        known = self.process.call("PUT", f"/checks/{check_id}", result="expired").json()
        text = json.dumps(known)
        return SIGNER.headers(f"msg_{check_id}", text, now), text.encode()

    def swallow_answer(self) -> None:
        self.process.behave(mode="no_answer", times=1)

    def swallow_call(self) -> None:
        self.process.behave(mode="lost", times=1)


class TestBridgeContract(IdentityContract):
    @pytest.fixture
    def checker(self, running: IdentityProcess) -> IdentityChecker:
        running.call("DELETE", "/behaviour").raise_for_status()
        return running.adapter()

    @pytest.fixture
    def backstage(self, running: IdentityProcess) -> Backstage:
        return FakeBackstage(running)


class ScriptedBackstage:
    """The script."""

    def __init__(self, checker: ScriptedChecker) -> None:
        self.checker = checker
        self.decide, self.callback = checker.decide, checker.callback

    def swallow_answer(self) -> None:
        self.checker.script.append("mute")

    def swallow_call(self) -> None:
        self.checker.script.append("lost")


class TestScriptedContract(IdentityContract):
    @pytest.fixture
    def checker(self) -> ScriptedChecker:
        return ScriptedChecker()

    @pytest.fixture
    def backstage(self, checker: ScriptedChecker) -> Backstage:
        return ScriptedBackstage(checker)
