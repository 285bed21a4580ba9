"""Saved ways to pay: given on the provider's page, chosen for a line, paid with, removed."""

import re
from datetime import date
from uuid import UUID

import pytest
from django.test import Client

from keepline.accounts.models import Membership, Role
from keepline.ledger.models import Wallet
from keepline.lines.models import Line, Validity
from keepline.orders.models import Order
from keepline.payments.models import SavedMethod
from tests.cast import Cast
from tests.doubles import FakeProvider
from tests.portal.acts import order_form, renew_url
from tests.saved import VISA, charged_for, kept, saved
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db
URL = "/ways-to-pay/"


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return re.sub(r"<time[^>]*>|</time>", "", answer.content.decode())


def test_one_is_given_on_the_providers_page(
    stage: Cast, alice: Client, provider: FakeProvider
) -> None:
    assert "Nothing saved yet" in text(alice, URL)
    answer = alice.post(URL, {"provider": "sandbox"})
    method_id = SavedMethod.objects.get().id
    assert (answer.status_code, answer["Location"]) == (
        302,
        provider.storings[method_id].checkout_url,
    )
    provider.store(method_id, kept())
    back = alice.get(f"{URL}{method_id}/return/")
    assert (back.status_code, back["Location"]) == (302, URL)
    page = text(alice, URL)
    assert VISA in page
    assert "Saved. Choose it on a line" in page
    assert "pm_1" not in page


def test_back_without_having_given_one(stage: Cast, alice: Client) -> None:
    alice.post(URL, {"provider": "sandbox"})
    alice.get(f"{URL}{SavedMethod.objects.get().id}/return/")
    assert "has not confirmed it yet" in text(alice, URL)


@pytest.mark.parametrize("provider_name", ["", "nobody", "stripe"])
def test_a_provider_that_is_not_there(stage: Cast, alice: Client, provider_name: str) -> None:
    answer = alice.post(URL, {"provider": provider_name})
    assert answer.status_code == 422
    assert not SavedMethod.objects.exists()


def test_a_silent_provider_is_said_to_be_silent(
    stage: Cast, alice: Client, provider: FakeProvider
) -> None:
    provider.silent = 1
    answer = alice.post(URL, {"provider": "sandbox"})
    assert answer.status_code == 503
    assert "does not answer right now" in answer.content.decode()


def test_it_is_chosen_for_a_line(stage: Cast, alice: Client, provider: FakeProvider) -> None:
    method_id = saved(stage, provider)
    url = f"/lines/{stage.line.id}/auto-renew/"
    assert f"The wallet, then {VISA}" in text(alice, url)
    alice.post(url, {"enabled": "on", "plan": "keep-1m:300:USD", "lead": "", "method": method_id})
    assert Line.objects.by_id(stage.line.id).method_id == method_id
    assert f"Wallet, then {VISA}" in text(alice, f"/lines/{stage.line.id}/")
    assert "Pays what the wallet lacks for" in text(alice, URL)
    answer = alice.post(url, {"enabled": "on", "lead": "", "method": "nonsense"})
    assert answer.status_code == 409
    assert Line.objects.by_id(stage.line.id).method_id == method_id


def test_a_short_wallet_is_no_obstacle_then(
    stage: Cast, alice: Client, provider: FakeProvider
) -> None:
    Wallet.objects.update(posted_minor=100)
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True)
    short = "the wallet is US$2.00 short"
    assert short in text(alice, "/")
    charged_for(stage, saved(stage, provider))
    assert short not in text(alice, "/")


def test_the_switch_keeps_the_card(stage: Cast, alice: Client, provider: FakeProvider) -> None:
    method_id = saved(stage, provider)
    charged_for(stage, method_id)
    page = text(alice, f"/lines/{stage.line.id}/")
    assert f'name="method" value="{method_id}"' in page


@pytest.mark.parametrize(
    ("state", "expires_on", "said"),
    [
        ("refused", None, "cannot be charged any more"),
        ("stored", date(2026, 3, 15), "expires before"),
    ],
)
def test_a_card_that_will_fail_is_announced_on_the_line(
    stage: Cast, alice: Client, provider: FakeProvider, state: str, expires_on: date, said: str
) -> None:
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True)
    charged_for(stage, saved(stage, provider, expires_on))
    SavedMethod.objects.update(state=state)
    assert f"{VISA} {said}" in text(alice, f"/lines/{stage.line.id}/")


def test_an_order_is_paid_with_it_at_once(
    stage: Cast, alice: Client, provider: FakeProvider
) -> None:
    method_id = saved(stage, provider)
    page = text(alice, f"{renew_url(stage)}?plan={stage.plan.code}&key=abcdefgh")
    code = f"none:sandbox:{method_id}"
    assert code in page
    answer = alice.post(renew_url(stage), order_form(stage, pay=code))
    answer = alice.get(answer["Location"])  # the checkout: nowhere to go, charged here
    order = Order.objects.get(kind="renewal")
    assert answer["Location"] == f"/orders/{order.id}/"
    assert order.state == "completed"
    assert len(provider.charges) == 1
    assert "Saved way to pay" in text(alice, f"/orders/{order.id}/")


def test_it_is_removed(stage: Cast, alice: Client, provider: FakeProvider) -> None:
    method_id = saved(stage, provider)
    charged_for(stage, method_id)
    assert "1 line will then renew from the wallet alone." in text(alice, URL)
    answer = alice.post(f"{URL}{method_id}/forget/")
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert "Nothing saved yet" in text(alice, URL)
    assert Line.objects.by_id(stage.line.id).method_id is None


def test_who_may_only_look_sees_no_ways_to_pay(stage: Cast, provider: FakeProvider) -> None:
    method_id = saved(stage, provider)
    bob = signed_in("bob@example.com")
    assert Membership.objects.get(user=stage.bob).role == Role.SEE
    assert bob.get(URL).status_code == 403
    assert bob.post(URL, {"provider": "sandbox"}).status_code == 403
    assert bob.post(f"{URL}{method_id}/forget/").status_code == 403
    assert SavedMethod.objects.get().state == "stored"


def test_pages_ask_no_more_for_more_cards(
    stage: Cast, alice: Client, provider: FakeProvider, django_assert_max_num_queries: object
) -> None:
    ids: set[UUID] = {saved(stage, provider) for _ in range(4)}
    assert len(ids) == 4
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        alice.get(URL)
