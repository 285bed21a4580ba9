"""The fake identity provider as a real process."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from keepline.gateways.identity.bridge.adapter import BridgedChecker
from tests.gateways.program import Fake, running
from tests.gateways.sandbox_process import free_port
from tests.identity import SECRET

KEY = "a key of ours"


class IdentityProcess(Fake):
    """`callback_url`: where it tells results."""

    what = "the fake identity provider"
    module = "keepline.gateways.identity.bridge.fake"

    def __init__(self, data_dir: Path, callback_url: str = "") -> None:
        super().__init__(data_dir, free_port())
        self._callback_url = callback_url

    def secrets(self) -> Mapping[str, str]:
        return {
            "KEEPLINE_FAKE_IDENTITY_KEY": KEY,
            "KEEPLINE_FAKE_IDENTITY_SECRET": SECRET,
            "KEEPLINE_FAKE_IDENTITY_CALLBACK": self._callback_url,
        }

    def _answers(self) -> bool:
        return not self.adapter().complaints()

    def adapter(self, timeout_s: float = 5) -> BridgedChecker:
        return BridgedChecker(self.url, KEY, [SECRET], timeout_s)


def identity_process(
    data_dir: Path, callback_url: str = ""
) -> AbstractContextManager[IdentityProcess]:
    """A running fake, killed afterwards whatever happened."""
    return running(IdentityProcess(data_dir, callback_url))
