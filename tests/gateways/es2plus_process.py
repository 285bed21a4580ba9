"""The fake SM-DP+ as a real process, spoken to over mutual TLS."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from keepline.core.lifecycle.profile import ProfileEvent
from keepline.gateways.esim.es2plus.adapter import Es2PlusSmdp
from keepline.gateways.esim.es2plus.tls import mutual_tls
from tests.gateways.iccids import an_iccid
from tests.gateways.program import Fake, running
from tests.gateways.sandbox_process import free_port

CALLBACK_SECRET = "a callback secret of thirty-two characters and more"
OWN_POINTS = {6: ProfileEvent.ENABLE, 7: ProfileEvent.DISABLE, 8: ProfileEvent.DELETE}


class Es2PlusProcess(Fake):
    """One fake SM-DP+ on one folder and port; may be started several times."""

    what = "the fake SM-DP+"
    module = "keepline.gateways.esim.es2plus.fake"

    def __init__(self, data_dir: Path, callback_url: str = "") -> None:
        super().__init__(data_dir, free_port())
        self._callback_url, self._has_certificates = callback_url, False

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def command(self) -> Sequence[str]:
        told = ["--callback-url", self._callback_url] if self._callback_url else []
        return [*super().command(), *told]

    def secrets(self) -> Mapping[str, str]:
        return {"KEEPLINE_FAKE_SMDP_CALLBACK_SECRET": CALLBACK_SECRET}

    def tls(self, name: str = "client", folder: Path | None = None) -> Any:
        """A context that shows the certificate called so, of this or another authority."""
        shown = folder or self.data_dir / "tls"
        return mutual_tls(
            shown / f"{name}.pem", shown / f"{name}.key", self.data_dir / "tls" / "ca.pem"
        )

    def _answers(self) -> bool:
        try:  # its certificates may not be written yet
            if not self._has_certificates:
                verified = {"verify": self.tls(), "trust_env": False}
                self._http = httpx.Client(base_url=self.url, timeout=10, **verified)
                self._has_certificates = True
            return self._http.get("/control/notifications").is_success
        except (httpx.TransportError, OSError):
            return False

    def adapter(self, timeout_s: float = 5, **more: Any) -> Es2PlusSmdp:
        return Es2PlusSmdp(
            self.url, "keepline", more.pop("tls", self.tls()), timeout_s, OWN_POINTS, **more
        )

    def stock(self, profile_type: str, how_many: int = 1) -> list[str]:
        iccids = [an_iccid() for _ in range(how_many)]
        rows = [{"iccid": iccid, "profile_type": profile_type} for iccid in iccids]
        self.call("POST", "/profiles", profiles=rows).raise_for_status()
        return iccids

    def profile(self, iccid: str) -> dict[str, Any]:
        content: dict[str, Any] = self.call("GET", f"/profiles/{iccid}").json()
        return content

    def notifications(self, iccid: str) -> list[dict[str, Any]]:
        answer = self.call("GET", f"/notifications?iccid={iccid}")
        rows: list[dict[str, Any]] = answer.json()["notifications"]
        return rows


def es2plus_process(
    data_dir: Path, callback_url: str = ""
) -> AbstractContextManager[Es2PlusProcess]:
    """A running fake, killed afterwards whatever happened."""
    return running(Es2PlusProcess(data_dir, callback_url))
