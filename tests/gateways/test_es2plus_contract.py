"""The ES2+ adapter keeps the contract, with the fake SM-DP+ as a process over mutual TLS."""

from collections.abc import Iterator

import pytest

from keepline.gateways.esim.port import SmdpPlus
from tests.gateways.contract_esim import Backstage, EsimContract
from tests.gateways.es2plus_process import Es2PlusProcess, es2plus_process


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Es2PlusProcess]:
    with es2plus_process(tmp_path_factory.mktemp("smdp")) as process:
        yield process


class FakeBackstage:
    """By the fake's /control."""

    def __init__(self, process: Es2PlusProcess) -> None:
        self.process = process

    def stock(self, profile_type: str, how_many: int = 1) -> list[str]:
        return self.process.stock(profile_type, how_many)

    def state_of(self, iccid: str) -> str:
        return str(self.process.profile(iccid)["state"])

    def matching_id_of(self, iccid: str) -> str | None:
        matching_id: str | None = self.process.profile(iccid)["matching_id"]
        return matching_id

    def swallow_answer(self) -> None:
        self.process.behave(mode="no_answer", times=1)

    def swallow_call(self) -> None:
        self.process.behave(mode="lost", times=1)

    def refuse(self, subject_code: str, reason_code: str) -> None:
        self.process.behave(mode=f"refuse:{subject_code}/{reason_code}", times=1)


class TestEs2PlusContract(EsimContract):
    @pytest.fixture
    def smdp(self, running: Es2PlusProcess) -> SmdpPlus:
        running.call("DELETE", "/behaviour").raise_for_status()
        return running.adapter()

    @pytest.fixture
    def backstage(self, running: Es2PlusProcess) -> Backstage:
        return FakeBackstage(running)
