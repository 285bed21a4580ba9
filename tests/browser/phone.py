"""A phone with an eUICC, played at the demo's fake SM-DP+, which tells the portal of it."""

from pathlib import Path
from types import TracebackType

import httpx

from keepline.gateways.esim.es2plus.tls import mutual_tls

PHONE_EID = "89000000000000000000000000000099"


class Phone:
    """Speaks with the fake as its operator, over mutual TLS: nobody else is heard there."""

    def __init__(self, data: Path, smdp_port: int) -> None:
        tls = data / "fake-smdp" / "tls"
        self._control = httpx.Client(
            base_url=f"https://localhost:{smdp_port}/control",
            verify=mutual_tls(tls / "client.pem", tls / "client.key", tls / "ca.pem"),
            trust_env=False,
        )

    def __enter__(self) -> "Phone":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._control.close()

    def install(self, activation_code: str) -> None:
        """Downloads and installs; the portal was told when this returns."""
        self._act("/phone", activation_code=activation_code, eid=PHONE_EID)

    def switch_on(self, iccid: str) -> None:
        """As in the phone's settings."""
        self._act(f"/phone/{iccid}", act="enable")

    def _act(self, path: str, **asked: str) -> None:
        answer = self._control.post(path, json=asked)
        assert answer.is_success, f"{answer.status_code} {answer.text}"
