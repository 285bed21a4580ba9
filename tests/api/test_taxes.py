"""Tax in the API: the same before and after, and in the list of plans."""

from datetime import UTC, datetime

import pytest

from keepline.accounts.models import Account
from tests.api.callers import Caller
from tests.cast import Cast
from tests.taxing import rate, taxes

pytestmark = pytest.mark.django_db
RATES = {"US": (rate(7, datetime(2020, 1, 1, tzinfo=UTC), inclusive=False),)}
TAXED = {
    "tax": {"amount_minor": 21, "currency": "USD"},
    "tax_rate_ppm": 70_000,
    "tax_inclusive": False,
    "total": {"amount_minor": 321, "currency": "USD"},
}


def test_preview_order_and_plans_say_the_same(alice: Caller, stage: Cast) -> None:
    Account.objects.filter(id=stage.account.id).update(country="US")
    line = f"/v1/lines/{stage.line.id}"
    body = {"plan_code": "keep-1m"}
    with taxes("holder", RATES):
        seen = alice.post(f"{line}/renewals/preview", body).json()["price"]
        offered = alice.get(f"{line}/plans").json()["items"][0]
        listed = alice.get("/v1/plans").json()["items"][0]
        paid = alice.post(f"{line}/renewals", body, "0b7d2f0c-5c8e-4f7e").json()["price"]
    assert seen == paid
    assert paid["net"] == {"amount_minor": 300, "currency": "USD"}
    assert paid["tax_country"] == "US"
    for price in (paid, offered, listed):
        assert TAXED.items() <= price.items()


def test_a_plans_own_tax_has_no_country(alice: Caller, stage: Cast) -> None:
    answer = alice.post(f"/v1/lines/{stage.line.id}/renewals/preview", {"plan_code": "keep-1m"})
    price = answer.json()["price"]
    assert (price["tax_country"], price["tax_rate_ppm"], price["tax_inclusive"]) == (None, 0, True)
