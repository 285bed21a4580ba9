"""An identity provider in memory, or in one file, that can be told to lose calls."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from keepline.gateways import switchboard
from keepline.gateways.bridging import Unreadable
from keepline.gateways.fake_store import opened
from keepline.gateways.identity.bridge import fake
from keepline.gateways.identity.bridge.fake.checks import Checks, OtherContent
from keepline.gateways.identity.bridge.wire import check_of
from keepline.gateways.identity.port import CallbackRefused, Check, CheckRequest, IdentityUnknown
from keepline.gateways.signed import NotBelieved, Signer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNER = Signer([SECRET])


@dataclass
class ScriptedChecker:
    """Each call takes the next word of `script`: lost (it never arrives), mute (it is carried out,
    the answer is lost) or ok; `deaf` loses all."""

    path: Path | str = ":memory:"
    script: list[str] = field(default_factory=list)
    deaf: bool = False
    name: str = "bridge"

    def __post_init__(self) -> None:
        self.checks = Checks(opened(self.path, fake.__name__), "https://id.example")

    # --- the port

    def start(self, request: CheckRequest) -> Check:
        mood, check_id = self._mood(), str(request.check_id)
        try:
            row = self.checks.start(check_id, request.return_url, request.language)
        except OtherContent as other:
            raise IdentityUnknown(str(other)) from None
        return self._said(mood, row)

    def ask(self, check_id: UUID) -> Check:
        mood, row = self._mood(), self.checks.find(str(check_id))
        return self._said(mood, row) if row else Check(check_id, "not_found")

    def read_callback(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Check:
        try:
            return check_of(json.loads(SIGNER.believed(headers, body, now).text))
        except (NotBelieved, Unreadable) as refused:
            raise CallbackRefused(str(refused)) from None

    def complaints(self) -> list[str]:
        return []

    # --- behind it

    def decide(self, check_id: UUID, result: str = "verified", **facts: Any) -> None:
        """What becomes of a check."""
        told = {"reason": "", "country": "", "of_age": None} | facts
        self.checks.decide(str(check_id), result, **told)

    def callback(self, check_id: UUID, now: datetime) -> tuple[dict[str, str], bytes]:
        """What it would tell by itself."""
        row = self.checks.find(str(check_id))
        assert row is not None
        text = json.dumps(self.checks.shown(row))
        return SIGNER.headers(f"msg_{check_id}", text, now), text.encode()

    def _mood(self) -> str:
        mood = "lost" if self.deaf else self.script.pop(0) if self.script else "ok"
        if mood == "lost":
            raise IdentityUnknown("lost")
        return mood

    def _said(self, mood: str, row: dict[str, Any]) -> Check:
        if mood == "mute":
            raise IdentityUnknown("mute")
        return check_of(self.checks.shown(row))


@contextmanager
def a_checker() -> Iterator[ScriptedChecker]:
    """A provider that is connected."""
    found = ScriptedChecker()
    before = switchboard._factories.get("identity")
    switchboard.connect("identity", lambda: found)
    try:
        yield found
    finally:
        switchboard._factories.pop("identity", None)
        if before is not None:
            switchboard.connect("identity", before)


@pytest.fixture
def checker() -> Iterator[ScriptedChecker]:
    """The same, for one test."""
    with a_checker() as found:
        yield found
