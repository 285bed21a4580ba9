"""What every identity provider behind the port must keep. Subclassed by each adapter's test.

The subclass gives `checker`, an adapter, and `backstage`, who decides, and makes calls fail.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest

from keepline.gateways.identity.port import (
    CallbackRefused,
    Check,
    CheckRequest,
    IdentityChecker,
    IdentityUnknown,
)

BACK = "http://localhost:8000/account/identity/back/"


class Backstage(Protocol):
    """The provider from behind."""

    def decide(self, check_id: UUID, result: str = "verified", **facts: Any) -> None:
        """What becomes of a check: reason, country, of_age."""
        ...

    def callback(self, check_id: UUID, now: datetime) -> tuple[Mapping[str, str], bytes]:
        """What the provider tells of it by itself."""
        ...

    def swallow_answer(self) -> None:
        """The next call is carried out, its answer lost."""
        ...

    def swallow_call(self) -> None:
        """The next call is lost, and so is its answer."""
        ...


class IdentityContract:
    """The contract."""

    def test_begun_and_verified(self, checker: IdentityChecker, backstage: Backstage) -> None:
        check_id = uuid4()
        begun = checker.start(CheckRequest(check_id, BACK, "zh-hans"))
        assert (begun.check_id, begun.result, begun.reason) == (check_id, "pending", "")
        assert begun.page_url.startswith("http")
        assert checker.ask(check_id) == begun
        backstage.decide(check_id, country="GB", of_age=True)
        assert checker.ask(check_id) == Check(check_id, "verified", country="GB", of_age=True)

    @pytest.mark.parametrize("reason", ["unreadable", "too_young", "other"])
    def test_refused_with_a_reason(
        self, reason: str, checker: IdentityChecker, backstage: Backstage
    ) -> None:
        check_id = uuid4()
        checker.start(CheckRequest(check_id, BACK))
        backstage.decide(check_id, "refused", reason=reason, of_age=False)
        assert checker.ask(check_id) == Check(check_id, "refused", reason=reason, of_age=False)  # type: ignore[arg-type]

    def test_expired(self, checker: IdentityChecker, backstage: Backstage) -> None:
        check_id = uuid4()
        checker.start(CheckRequest(check_id, BACK))
        backstage.decide(check_id, "expired")
        assert checker.ask(check_id) == Check(check_id, "expired")

    def test_one_id_is_one_check(self, checker: IdentityChecker, backstage: Backstage) -> None:
        check_id = uuid4()
        begun = checker.start(CheckRequest(check_id, BACK))
        assert checker.start(CheckRequest(check_id, BACK)) == begun
        with pytest.raises(IdentityUnknown):
            checker.start(CheckRequest(check_id, f"{BACK}?other"))
        backstage.decide(check_id)
        backstage.decide(check_id, "refused", reason="other")
        assert checker.start(CheckRequest(check_id, BACK)) == Check(check_id, "verified")

    def test_never_seen(self, checker: IdentityChecker) -> None:
        check_id = uuid4()
        assert checker.ask(check_id) == Check(check_id, "not_found")

    def test_silences(self, checker: IdentityChecker, backstage: Backstage) -> None:
        lost, mute = uuid4(), uuid4()
        backstage.swallow_call()
        with pytest.raises(IdentityUnknown):
            checker.start(CheckRequest(lost, BACK))
        assert checker.ask(lost).result == "not_found"
        backstage.swallow_answer()
        with pytest.raises(IdentityUnknown):
            checker.start(CheckRequest(mute, BACK))
        assert checker.ask(mute).result == "pending"

    def test_what_it_tells_is_signed(self, checker: IdentityChecker, backstage: Backstage) -> None:
        check_id, now = uuid4(), datetime.now(UTC)
        checker.start(CheckRequest(check_id, BACK))
        backstage.decide(check_id, "refused", reason="unreadable")
        headers, body = backstage.callback(check_id, now)
        heard = checker.read_callback(headers, body, now)
        assert heard == Check(check_id, "refused", reason="unreadable")
        better = {**json.loads(body), "result": "verified", "reason": ""}
        wrong = [
            (headers, json.dumps(better).encode(), now),
            ({}, body, now),
            (headers, body, now + timedelta(minutes=6)),
            ({**headers, "webhook-signature": "v1,AAAA"}, body, now),
        ]
        for given in wrong:
            with pytest.raises(CallbackRefused):
                checker.read_callback(*given)

    def test_it_has_a_name_and_no_complaints(self, checker: IdentityChecker) -> None:
        assert checker.name.isidentifier()
        assert checker.complaints() == []
