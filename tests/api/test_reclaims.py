"""A number had back by the API: once for the key, and not found for everybody else."""

import pytest

from keepline.ledger.models import Wallet
from keepline.lines.models import Line
from tests.api.callers import Caller
from tests.cast import Cast
from tests.flows.acts import let_go

pytestmark = pytest.mark.django_db
KEY = "0b7d2f0c-5c8e-4f7e"
E164 = 12025550143
FEE = {"amount_minor": 250, "currency": "USD"}


@pytest.fixture
def ended(stage: Cast) -> str:
    let_go(stage, E164, {"USD": 250})
    return f"/v1/lines/{stage.line.id}"


def test_the_line_says_until_when_and_for_how_much(alice: Caller, ended: str) -> None:
    body = alice.get(ended).json()
    assert body["reclaim"] == {
        "state": "open",
        "until": "2026-07-08T12:00:00Z",
        "fee": FEE,
        "successor_id": None,
    }
    assert body["next_action"] == {"kind": "reclaimable", "at": "2026-07-08T12:00:00Z"}


def test_a_line_that_lives_has_nothing_to_say(alice: Caller, stage: Cast) -> None:
    assert alice.get(f"/v1/lines/{stage.line.id}").json()["reclaim"] is None


def test_it_comes_back_once_on_a_line_of_its_own(alice: Caller, stage: Cast, ended: str) -> None:
    answer = alice.post(f"{ended}/reclaim", {"expected_fee": FEE}, KEY)
    body = answer.json()
    assert (answer.status_code, body["kind"], body["state"]) == (201, "reclaim", "completed")
    assert body["price"]["from_wallet"] == FEE
    assert answer["Location"] == f"/v1/orders/{body['id']}"
    again = alice.post(f"{ended}/reclaim", {"expected_fee": FEE}, KEY)
    assert (again.content, again["Idempotent-Replayed"]) == (answer.content, "true")
    wallet: Wallet = Wallet.objects.by_id(stage.wallet_id)
    assert wallet.posted_minor == 750
    line = alice.get(f"/v1/lines/{body['line_id']}").json()
    assert (line["state"], line["renewable"], line["valid_until"]) == ("suspended", True, None)
    assert line["next_action"]["kind"] == "withdrawn"
    old = alice.get(ended).json()
    assert old["reclaim"] == {
        "state": "went_on",
        "until": None,
        "fee": None,
        "successor_id": body["line_id"],
    }
    assert old["next_action"] == {"kind": "went_on", "at": None}
    assert old["deadlines"] is None
    order = alice.get(f"/v1/orders/{body['id']}").json()
    assert [step["kind"] for step in order["steps"]] == ["ordered", "paid", "given_back"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"expected_fee": {"amount_minor": 249, "currency": "USD"}}, 409, "price_changed"),
        ({"expected_fee": {"amount_minor": 250, "currency": "EUR"}}, 409, "price_changed"),
        ({"expected_fee": {"amount_minor": "250", "currency": "USD"}}, 422, "validation_failed"),
        ({"expected_fee": 250}, 422, "validation_failed"),
        ({"fee": FEE}, 422, "validation_failed"),
        ([], 422, "validation_failed"),
    ],
)
def test_wrong_input(alice: Caller, ended: str, body: object, status: int, code: str) -> None:
    answer = alice.post(f"{ended}/reclaim", body, KEY)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Line.objects.filter(e164=E164).count() == 1


def test_without_a_key(alice: Caller, ended: str) -> None:
    answer = alice.post(f"{ended}/reclaim", {})
    assert (answer.status_code, answer.json()["code"]) == (400, "key_missing")


def test_everybody_else_hears_the_same(
    alice: Caller, charlie: Caller, stage: Cast, ended: str
) -> None:
    theirs = charlie.post(f"{ended}/reclaim", {}, KEY)
    assert alice.post(f"{ended}/reclaim", {}, KEY).status_code == 201
    gone = alice.post(f"{ended}/reclaim", {}, "another-key")
    told = []
    for answer in (theirs, gone):
        problem = answer.json()
        for own in ("instance", "request_id"):
            problem.pop(own, None)
        told.append((answer.status_code, problem))
    assert told[0] == told[1]
    assert told[0][0] == 404
