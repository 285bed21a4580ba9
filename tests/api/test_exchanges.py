"""Paying in another currency by the API: seen in the preview, sent back, kept on the order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.callers import Caller
from tests.cast import Cast
from tests.doubles import FakeProvider
from tests.exchanging import rates

pytestmark = pytest.mark.django_db
AGREED = {
    "paid": {"amount_minor": 443, "currency": "JPY"},
    "rate": "147.65",
    "rate_on": "2026-03-10",
    "source": "A Bank",
}


@pytest.fixture(autouse=True)
def todays_rates(tmp_path: Path) -> Iterator[None]:
    with rates(tmp_path, JPY="147.65"):
        yield


def test_what_the_preview_offers_can_be_ordered(
    alice: Caller, stage: Cast, provider: FakeProvider
) -> None:
    line = f"/v1/lines/{stage.line.id}/renewals"
    body = {"plan_code": "keep-1m", "use_wallet": "none"}
    offered = alice.post(f"{line}/preview", body).json()["exchanges"]
    assert offered == [{**AGREED, "providers": ["sandbox"]}]
    asked = {**body, "provider": "sandbox", "pay_as": offered[0]["paid"]}
    answer = alice.post(line, asked, "0b7d2f0c-5c8e-4f7e")
    assert answer.status_code == 202
    assert answer.json()["exchange"] == AGREED
    assert answer.json()["price"]["from_provider"] == {"amount_minor": 300, "currency": "USD"}
    (sent,) = provider.bodies.values()
    assert (sent.amount_minor, sent.currency) == (443, "JPY")


def test_what_the_wallet_pays_needs_no_exchange(alice: Caller, stage: Cast) -> None:
    body = {"plan_code": "keep-1m", "use_wallet": "only"}
    offered = alice.post(f"/v1/lines/{stage.line.id}/renewals/preview", body).json()["exchanges"]
    assert offered == []


def test_another_rate_is_a_problem(alice: Caller, stage: Cast) -> None:
    body = {
        "plan_code": "keep-1m",
        "use_wallet": "none",
        "provider": "sandbox",
        "pay_as": {"amount_minor": 442, "currency": "JPY"},
    }
    answer = alice.post(f"/v1/lines/{stage.line.id}/renewals", body, "0b7d2f0c-5c8e-4f7e")
    assert (answer.status_code, answer.json()["code"]) == (409, "rate_changed")
