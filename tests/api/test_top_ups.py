"""Top-ups by the API."""

from typing import Any

import pytest

from keepline.flows.settle_payment import settle
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests.api.callers import Caller
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider

pytestmark = pytest.mark.django_db
PATH, KEY = "/v1/wallets/USD/top-ups", "0b7d2f0c-5c8e-4f7e"


def asked(amount_minor: Any = 2000, currency: str = "USD") -> dict[str, Any]:
    return {
        "amount": {"amount_minor": amount_minor, "currency": currency},
        "provider": "sandbox",
    }


def test_a_top_up_is_paid_at_the_checkout_and_then_spendable(
    alice: Caller, stage: Cast, provider: FakeProvider
) -> None:
    answer = alice.post(PATH, asked(), KEY)
    assert answer.status_code == 202
    order = answer.json()
    assert (order["kind"], order["line_id"], order["plan_code"]) == ("top_up", None, None)
    payment = Payment.objects.get(order_id=order["id"])
    provider.pay(payment.id)
    settle(payment.order_id, NOW)
    followed = alice.get(answer["Location"])
    assert (followed.json()["state"], followed.json()["checkout_url"]) == ("completed", None)
    free = alice.get("/v1/wallets").json()["items"][0]["free"]
    assert free == {"amount_minor": 3000, "currency": "USD"}
    again = alice.post(PATH, asked(), KEY)
    assert (again.status_code, again["Idempotent-Replayed"]) == (202, "true")
    assert again.json()["state"] == "completed"
    assert "Retry-After" not in again


@pytest.mark.parametrize("amount_minor", [99, 50_001, 0, -2000])
def test_amounts_beyond_the_limits_are_refused_with_them(alice: Caller, amount_minor: int) -> None:
    answer = alice.post(PATH, asked(amount_minor), KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "amount_refused")
    limits = {"smallest_minor": 100, "largest_minor": 50_000, "step_minor": 1}
    assert answer.json()["facts"] == limits


@pytest.mark.parametrize("amount_minor", ["2000", 2000.0, True, None, 10**13, 1e400])
def test_an_amount_is_an_integer_and_nothing_like_it(alice: Caller, amount_minor: Any) -> None:
    answer = alice.post(PATH, asked(amount_minor), KEY)
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("validation_failed", "request_unreadable")
    assert not Order.objects.filter(kind="top_up").exists()


def test_the_amount_is_in_the_wallets_currency(alice: Caller) -> None:
    answer = alice.post(PATH, asked(currency="EUR"), KEY)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/amount/currency"
    assert alice.post("/v1/wallets/XXX/top-ups", asked(currency="XXX"), KEY).status_code == 404


def test_who_may_only_look_tops_up_nothing(bob: Caller) -> None:
    assert bob.post(PATH, asked(), KEY).json()["code"] == "role_refused"


def test_one_key_for_a_renewal_and_a_top_up_are_two_intents(alice: Caller, stage: Cast) -> None:
    renewals = f"/v1/lines/{stage.line.id}/renewals"
    assert alice.post(renewals, {"plan_code": "keep-1m"}, KEY).status_code == 201
    assert alice.post(PATH, asked(), KEY).status_code == 202
