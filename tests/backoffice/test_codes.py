"""Staff see which lines receive codes of many services, and nothing of what they say."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client

from tests.cast import Cast
from tests.flows.inboxes import MARKER, arrives, numbered
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db


def test_counts_and_times_alone(stage: Cast, olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, code_senders_a_day=2))
    numbered(stage)
    assert "No line stands out" in olga.get("/backoffice/codes/").content.decode()
    for sender in ("Schmetterling", "Falter"):
        arrives(datetime.now(UTC), sender=sender)
    page = olga.get("/backoffice/codes/").content.decode()
    assert f'href="/backoffice/lines/{stage.line.id}/"' in page
    for secret in (MARKER, "582914", "Schmetterling", "Falter"):
        assert secret not in page


def test_holders_do_not_find_it(stage: Cast) -> None:
    assert signed_in("alice@example.com").get("/backoffice/codes/").status_code == 404
