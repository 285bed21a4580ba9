"""Renewals by the API: over at once, to be paid, to be confirmed; repeated, refused."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from keepline.ledger.models import Wallet
from keepline.orders.models import Order
from tests import cast as people
from tests.api.callers import Caller, caller_for
from tests.cast import Cast
from tests.doubles import FakeProvider

pytestmark = pytest.mark.django_db
KEY = "0b7d2f0c-5c8e-4f7e"


def renewals(stage: Cast) -> str:
    return f"/v1/lines/{stage.line.id}/renewals"


def free_minor(stage: Cast) -> int:
    row: Wallet = Wallet.objects.by_id(stage.wallet_id)
    return row.posted_minor - row.pending_minor


def test_paid_from_the_wallet_it_is_over_at_once(alice: Caller, stage: Cast) -> None:
    answer = alice.post(renewals(stage), {"plan_code": "keep-1m"}, KEY)
    assert answer.status_code == 201
    body = answer.json()
    assert answer["Location"] == f"/v1/orders/{body['id']}"
    assert "Retry-After" not in answer
    assert "Idempotent-Replayed" not in answer
    assert body["state"] == "completed"
    assert body["price"]["from_wallet"] == {"amount_minor": 300, "currency": "USD"}
    assert body["valid_until_after"] == "2026-04-20T11:00:00Z"
    assert free_minor(stage) == 700
    order = Order.objects.by_id(UUID(body["id"]))
    assert (order.channel, order.actor) == ("api", f"user:{stage.alice.pk}")


def test_a_repeat_gets_the_same_answer_and_does_nothing(alice: Caller, stage: Cast) -> None:
    first = alice.post(renewals(stage), {"plan_code": "keep-1m"}, KEY)
    again = alice.post(renewals(stage), {"plan_code": "keep-1m"}, KEY)
    assert again["Idempotent-Replayed"] == "true"
    assert (again.status_code, again["Location"]) == (201, first["Location"])
    assert again.content == first.content
    assert free_minor(stage) == 700


def test_a_fresh_token_of_the_same_user_is_still_the_same_intent(
    alice: Caller, stage: Cast
) -> None:
    first = alice.post(renewals(stage), {"plan_code": "keep-1m"}, KEY)
    fresh = caller_for(stage.alice, stage.account)
    again = fresh.post(renewals(stage), {"plan_code": "keep-1m"}, KEY)
    assert again.json()["id"] == first.json()["id"]
    assert free_minor(stage) == 700


def test_the_key_of_another_body_is_refused(alice: Caller, stage: Cast) -> None:
    alice.post(renewals(stage), {"plan_code": "keep-1m"}, KEY)
    other = alice.post(renewals(stage), {"plan_code": "keep-1m", "use_wallet": "only"}, KEY)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert free_minor(stage) == 700


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with a blank", "schlüssel-1"])
def test_without_a_proper_key_nothing_happens(alice: Caller, stage: Cast, key: str) -> None:
    answer = alice.post(renewals(stage), {"plan_code": "keep-1m"}, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "key_missing")
    assert free_minor(stage) == 1000


def test_a_preview_equals_the_order(alice: Caller, stage: Cast) -> None:
    asked = {"plan_code": "keep-1m"}
    preview = alice.post(f"{renewals(stage)}/preview", asked).json()
    order = alice.post(renewals(stage), asked, KEY).json()
    for name in ("price", "valid_until_before", "valid_until_after", "plan_code", "line_id"):
        assert preview[name] == order[name], name
    assert preview["time_zone"] == "Europe/Berlin"
    assert preview["wallet_free"] == {"amount_minor": 1000, "currency": "USD"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"plan_code": "no-such-plan"}, 422, "plan_not_for_line"),
        ({"plan_code": "keep-1m", "currency": "EUR"}, 422, "plan_not_for_line"),
        ({"plan_code": "keep-1m", "provider": "nobody"}, 422, "provider_unknown"),
        ({"plan_code": "keep-1m", "use_wallet": "none"}, 402, "wallet_short"),
        (
            {
                "plan_code": "keep-1m",
                "expected_total": {"amount_minor": 299, "currency": "USD"},
            },
            409,
            "price_changed",
        ),
    ],
)
def test_refusals_change_nothing_and_do_not_use_up_the_key(
    alice: Caller, stage: Cast, body: dict[str, Any], status: int, code: str
) -> None:
    answer = alice.post(renewals(stage), body, KEY)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert free_minor(stage) == 1000
    assert alice.post(renewals(stage), {"plan_code": "keep-1m"}, KEY).status_code == 201


def test_expected_total_must_not_contradict_the_currency(alice: Caller, stage: Cast) -> None:
    body = {
        "plan_code": "keep-1m",
        "currency": "EUR",
        "expected_total": {"amount_minor": 300, "currency": "USD"},
    }
    answer = alice.post(renewals(stage), body, KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


def test_what_the_provider_takes_is_paid_at_its_checkout(
    alice: Caller, stage: Cast, provider: FakeProvider
) -> None:
    body = {"plan_code": "keep-1m", "use_wallet": "none", "provider": "sandbox"}
    answer = alice.post(renewals(stage), body, KEY)
    assert (answer.status_code, answer["Retry-After"]) == (202, "15")
    order = answer.json()
    assert order["state"] == "acknowledged"
    assert order["checkout_url"].startswith("http://provider/")
    again = alice.post(renewals(stage), body, KEY)
    assert (again.status_code, again["Idempotent-Replayed"]) == (202, "true")
    assert again.content == answer.content
    assert len(provider.payments) == 1
    followed = alice.get(answer["Location"])
    assert (followed.json()["stage"], followed["Retry-After"]) == ("to_pay", "15")
    assert followed.json()["checkout_url"] == order["checkout_url"]


def test_a_silent_provider_is_not_waited_for(
    alice: Caller, stage: Cast, provider: FakeProvider
) -> None:
    provider.silent = 1
    body = {"plan_code": "keep-1m", "use_wallet": "none", "provider": "sandbox"}
    answer = alice.post(renewals(stage), body, KEY)
    assert (answer.status_code, answer.json()["checkout_url"]) == (202, None)
    again = alice.post(renewals(stage), body, KEY)
    assert again.json()["checkout_url"].startswith("http://provider/")
    assert len(provider.payments) == 1


def test_a_refusing_provider_is_told_the_same_way_twice(
    alice: Caller, stage: Cast, provider: FakeProvider
) -> None:
    provider.refuse_opening = True
    body = {"plan_code": "keep-1m", "use_wallet": "none", "provider": "sandbox"}
    for _ in range(2):
        answer = alice.post(renewals(stage), body, KEY)
        assert (answer.status_code, answer.json()["code"]) == (402, "provider_refused")
        order_id = answer.json()["facts"]["order_id"]
        assert alice.get(f"/v1/orders/{order_id}").json()["state"] == "cancelled"
    assert free_minor(stage) == 1000


def test_what_the_network_must_confirm_is_an_operation(db: None) -> None:
    stage = people.assemble(delivery="network")
    alice = caller_for(stage.alice, stage.account)
    answer = alice.post(renewals(stage), {"plan_code": "keep-1m"}, KEY)
    assert (answer.status_code, answer["Retry-After"]) == (202, "2")
    assert answer.json()["state"] == "in_progress"
    assert answer.json()["promise_until"] == "2026-03-10T12:10:00Z"
    followed = alice.get(answer["Location"]).json()
    assert (followed["stage"], followed["resting"]) == ("delivering", False)


def test_who_may_only_look_may_preview_but_not_spend(bob: Caller, stage: Cast) -> None:
    asked = {"plan_code": "keep-1m"}
    assert bob.post(f"{renewals(stage)}/preview", asked).status_code == 200
    answer = bob.post(renewals(stage), asked, KEY)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_refused")
    assert free_minor(stage) == 1000


def test_an_id_that_is_none_of_ours_names_nothing(alice: Caller) -> None:
    for row_id in (uuid4(), UUID(int=0), UUID(int=2**128 - 1)):
        answer = alice.post(f"/v1/lines/{row_id}/renewals", {"plan_code": "keep-1m"}, KEY)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
