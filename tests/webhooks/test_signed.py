"""Entrances for signed callbacks: open with a secret alone, and believed before they are read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from django.test import Client

from keepline.gateways.signed import LIMIT_BYTES
from tests.gateways.sms_gateway_process import OTHER_SECRET, SECRET
from tests.webhooks.callbacks import poster

pytestmark = pytest.mark.django_db
TOO_LATE, TOO_EARLY = timedelta(minutes=6), -timedelta(minutes=6)
MARKER = "a word that is nobody else's"


@pytest.fixture(params=["mail", "sms", "porting"])
def address(request: pytest.FixtureRequest, settings: Any) -> str:
    told = dict.fromkeys(("bounce_secrets", "sms_secrets", "porting_secrets"), (SECRET,))
    settings.ENV = replace(settings.ENV, **told)
    return f"/webhooks/{request.param}/"


def test_another_kind_is_passed_over(address: str) -> None:
    assert poster(address)("nothing.of_ours") == 204


@pytest.mark.parametrize("text", ["no JSON", "[" * 5000, "{}", '{"type": "nothing.of_ours"}'])
def test_what_cannot_be_read(address: str, text: str) -> None:
    assert poster(address)(raw=text) == 400


def test_who_is_not_believed_is_not_read(address: str, client: Client) -> None:
    post, now = poster(address), datetime.now(UTC)
    with structlog.testing.capture_logs() as lines:
        assert post(MARKER, secret=OTHER_SECRET) == 403
        assert post(MARKER, at=now - TOO_LATE) == post(MARKER, at=now - TOO_EARLY) == 403
        assert client.post(address, {MARKER: 1}, content_type="application/json").status_code == 403
    assert [line["log_level"] for line in lines] == ["warning"] * 4
    assert MARKER not in str(lines)


def test_what_is_too_large_is_not_read(address: str) -> None:
    assert poster(address)(raw="a" * (LIMIT_BYTES + 1)) == 413


def test_without_a_secret_there_is_no_such_page(address: str, settings: Any) -> None:
    none = dict.fromkeys(("bounce_secrets", "sms_secrets", "porting_secrets"), ())
    settings.ENV = replace(settings.ENV, **none)
    assert poster(address)("nothing.of_ours") == 404


def test_only_post(address: str, client: Client) -> None:
    assert client.get(address).status_code == 405
