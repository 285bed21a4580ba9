"""An identity provider behind a bridge, as the port wants it (docs/gateways/identity.md)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from keepline.gateways.bridging import Bridge, NoAnswer, Unreadable, object_of
from keepline.gateways.identity.port import CallbackRefused, Check, CheckRequest, IdentityUnknown
from keepline.gateways.signed import NotBelieved, Signer

from .wire import PATH, check_of

NOBODYS: Final = UUID("00000000-0000-7000-8000-000000000000")


class BridgedChecker:
    """Speaks to one bridge; safe to share between threads. `secrets`: by which it signs what it
    tells by itself, as Standard Webhooks writes them."""

    name = "bridge"

    def __init__(self, url: str, key: str, secrets: Sequence[str], timeout_s: float) -> None:
        self._bridge = Bridge(url, key, "KEEPLINE_IDENTITY_KEY", timeout_s)
        self._signer = Signer(secrets)

    def start(self, request: CheckRequest) -> Check:
        """See the port."""
        body = {"return_url": request.return_url, "language": request.language}
        return self._check("PUT", request.check_id, body)

    def ask(self, check_id: UUID) -> Check:
        """See the port."""
        return self._check("GET", check_id)

    def read_callback(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Check:
        """See the port."""
        try:
            return check_of(object_of(self._signer.believed(headers, body, now).text))
        except (NotBelieved, NoAnswer) as refused:
            raise CallbackRefused(str(refused)) from None
        except Unreadable as field:
            raise CallbackRefused(f"unreadable ({field})") from None

    def complaints(self) -> list[str]:
        """Asks for a check that there cannot be: whoever may ask hears that. See the port."""
        try:
            self.ask(NOBODYS)
        except IdentityUnknown as silence:
            return [f"no sensible answer ({silence})"]
        return []

    def _check(
        self, method: str, check_id: UUID, body: Mapping[str, object] | None = None
    ) -> Check:
        try:
            content = self._bridge.call(method, f"{PATH}/{check_id}", body, word="result")
            if content.get("result") == "not_found":
                return Check(check_id, "not_found")
            found = check_of(content)
        except NoAnswer as silence:
            raise IdentityUnknown(str(silence)) from silence
        except Unreadable as field:
            raise IdentityUnknown(f"unreadable answer ({field})") from None
        if found.check_id != check_id:
            raise IdentityUnknown("the answer speaks of another check")
        return found
