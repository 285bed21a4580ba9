"""Wrong input: a 4xx, a sentence, nothing written."""

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from keepline.accounts.models import User
from keepline.flows.errors import CATALOGUE
from keepline.ledger.models import Transfer
from keepline.orders.models import Order, RequestKey
from tests import cast
from tests.cast import Cast
from tests.portal.acts import KEY, order_form, renew_url, renewed

pytestmark = pytest.mark.django_db


def written() -> tuple[int, int, int]:
    return Order.objects.count(), Transfer.objects.count(), RequestKey.objects.count()


RENEWALS: dict[str, tuple[dict[str, str], int, str]] = {
    "no key": ({"key": ""}, 400, "Idempotency-Key"),
    "a key with a blank": ({"key": "has a blank"}, 400, "Idempotency-Key"),
    "no way to pay": ({"pay": ""}, 422, "not offered"),
    "an unknown way": ({"pay": "only:'; DROP"}, 422, "not offered"),
    "an unknown provider": ({"pay": "none:barter"}, 422, "not offered"),
    "another price": ({"expected_total_minor": "299"}, 409, "price has changed"),
    "a price in words": ({"expected_total_minor": "three"}, 409, "price has changed"),
    "foreign digits": ({"expected_total_minor": "３００"}, 409, "price has changed"),
    "no price": ({"expected_total_minor": ""}, 409, "price has changed"),
    "an unknown plan": ({"plan": "no-such-plan"}, 422, "cannot renew this line"),
    "no plan": ({"plan": ""}, 422, "cannot renew this line"),
    "a plan of another kind": ({"plan": "travel"}, 422, "cannot renew this line"),
}


@pytest.mark.parametrize("case", RENEWALS)
def test_a_renewal_is_refused(case: str, stage: Cast, alice: Client) -> None:
    cast.plan("travel", line_kind="travel_sim")
    changes, status, sentence = RENEWALS[case]
    before = written()
    answer = alice.post(renew_url(stage), order_form(stage, **changes))
    assert (answer.status_code, written()) == (status, before)
    assert sentence in answer.content.decode()


def test_a_wallet_that_is_too_empty(stage: Cast, alice: Client) -> None:
    cast.plan("dear", price_minor=100_000)
    before = written()
    form = order_form(stage, plan="dear", expected_total_minor="100000")
    answer = alice.post(renew_url(stage), form)
    assert (answer.status_code, written()) == (402, before)
    assert "holds less than this costs" in answer.content.decode()


def test_a_key_used_for_something_else(stage: Cast, alice: Client) -> None:
    renewed(alice, stage)
    before = written()
    answer = alice.post(renew_url(stage), order_form(stage, pay="none:sandbox"))
    assert (answer.status_code, written()) == (422, before)
    assert "See the orders of this line" in answer.content.decode()


def test_an_unknown_plan_in_the_address_shows_the_plans(stage: Cast, alice: Client) -> None:
    answer = alice.get(f"{renew_url(stage)}?plan=nonsense&key={KEY}")
    assert answer.status_code == 422
    assert "Look at the order" in answer.content.decode()


TOP_UPS = {
    "words": {"other": "ten"},
    "nothing": {"amount": ""},
    "zero": {"other": "0"},
    "less than nothing": {"other": "-5"},
    "three decimals": {"other": "1.234"},
    "grouped": {"other": "1,000.00"},
    "an exponent": {"other": "1e3"},
    "too much": {"other": "500.01"},
    "foreign digits": {"other": "１０"},
    "very long": {"other": "9" * 400},
    "an unknown provider": {"provider": "barter"},
    "no key": {"key": ""},
}


@pytest.mark.parametrize("case", TOP_UPS)
def test_a_top_up_is_refused(case: str, stage: Cast, alice: Client) -> None:
    form: dict[str, Any] = {
        "key": KEY,
        "currency": "USD",
        "amount": "20",
        "provider": "sandbox",
    } | TOP_UPS[case]
    before = written()
    answer = alice.post("/wallet/top-up/", form)
    assert 400 <= answer.status_code < 500
    assert written() == before
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/wallet/?before=yesterday", 200),
        ("/wallet/?before=2026-01-01~not-an-id", 200),
        ("/wallet/?before=9999-99-99T00:00:00Z~0", 200),
        ("/wallet/?currency=XXX", 404),
        ("/wallet/?currency=%00", 404),
        ("/?from=-1", 200),
        ("/?from=99999999999999999999", 200),
        ("/lines/not-a-uuid/", 404),
        ("/lines/00000000-0000-4fff-8fff-000000000000/renew/", 404),
        ("/lines/00000000-0000-4fff-8fff-000000000000/renew/?plan=x&key=12345678", 404),
        ("/orders/00000000-0000-4fff-8fff-000000000000/", 404),
        ("/orders/00000000-0000-4fff-8fff-000000000000/checkout/", 404),
    ],
)
def test_addresses_that_people_edit(url: str, status: int, alice: Client) -> None:
    assert alice.get(url).status_code == status


def test_a_made_up_line_cannot_be_paid_for(stage: Cast, alice: Client) -> None:
    before = written()
    url = "/lines/00000000-0000-4fff-8fff-000000000000/renew/"
    assert alice.post(url, order_form(stage)).status_code == 404
    assert written() == before


def test_a_form_without_its_token_changes_nothing(stage: Cast, alice: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = alice.cookies
    before = written()
    assert strict.post(renew_url(stage), order_form(stage)).status_code == 403
    assert written() == before


def test_the_sentence_is_in_the_holders_language(stage: Cast, alice: Client) -> None:
    User.objects.filter(pk=stage.alice.pk).update(language="zh-hans")
    answer = alice.post(renew_url(stage), order_form(stage, expected_total_minor="1"))
    english = CATALOGUE["price_changed"].title
    with translation.override("zh-hans"):
        chinese = translation.gettext(english)
    assert chinese != english
    assert chinese in answer.content.decode()
