"""The fake clearing house as a real process."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from keepline.gateways.porting.bridge.adapter import BridgedHouse
from tests.gateways.program import Fake, running
from tests.gateways.sandbox_process import free_port

KEYS = {"keepline": "a key of ours", "other": "a key of theirs"}


class PortingProcess(Fake):
    """May be started several times; it remembers."""

    what = "the fake clearing house"
    module = "keepline.gateways.porting.bridge.fake"

    def secrets(self) -> Mapping[str, str]:
        return {"KEEPLINE_FAKE_PORTING_KEYS": ",".join(f"{who}={key}" for who, key in KEYS.items())}

    def _answers(self) -> bool:
        return not self.adapter().complaints()

    def adapter(self, operator: str = "keepline", timeout_s: float = 5) -> BridgedHouse:
        return BridgedHouse(self.url, KEYS[operator], timeout_s)

    def enter(self, e164: int, **row: str) -> None:
        """Whose a number is, and by which code `elsewhere` lets it go."""
        rows = [{"number": f"+{e164}", **row}]
        self.call("POST", "/numbers", numbers=rows).raise_for_status()

    def owner(self, e164: int) -> str:
        return str(self.call("GET", f"/numbers/{e164}").json()["operator"])


def porting_process(data_dir: Path) -> AbstractContextManager[PortingProcess]:
    """A running fake, killed afterwards whatever happened."""
    return running(PortingProcess(data_dir, free_port()))
