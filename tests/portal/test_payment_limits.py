"""Limits against fraud, seen by a holder."""

import pytest
from django.test import Client

from keepline.orders.models import Order
from tests.cast import Cast
from tests.portal.acts import order_form, renew_url

pytestmark = pytest.mark.django_db


def top_up(client: Client, number: int, **extra: str) -> int:
    data = {"amount": "10", "currency": "USD", "provider": "sandbox", "key": f"top-up-{number:04}"}
    return client.post("/wallet/top-up/", data, **extra).status_code  # type: ignore[arg-type]


def test_the_page_says_until_when_and_that_the_wallet_pays(alice: Client, stage: Cast) -> None:
    assert [top_up(alice, number) for number in range(4)] == [302, 302, 302, 429]
    answer = alice.post(renew_url(stage), order_form(stage, pay="none:sandbox"))
    page = answer.content.decode()
    assert answer.status_code == 429
    assert "New payments are paused for a while." in page
    assert "What is in the wallet still pays renewals." in page
    assert "12:01" in page
    assert '<a href="/wallet/">' in page
    assert not Order.objects.filter(kind="renewal").exists()
    assert alice.post(renew_url(stage), order_form(stage)).status_code == 302


def test_the_wallets_page_says_so_in_ones_language(alice: Client, stage: Cast) -> None:
    stage.alice.language = "zh-hans"
    stage.alice.save()
    for number in range(3):
        top_up(alice, number)
    data = {"amount": "10", "currency": "USD", "provider": "sandbox", "key": "top-up-0009"}
    page = alice.post("/wallet/top-up/", data).content.decode()
    assert "新的付款已暂停。" in page
    assert "钱包余额仍可用于续费" in page
    assert "12:01" in page


def test_a_browser_is_known_again_at_another_address(alice: Client) -> None:
    page = alice.get("/wallet/")
    cookie = page.cookies["device"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 2_592_000)
    assert "device" not in alice.get("/wallet/").cookies
    answers = [top_up(alice, n, REMOTE_ADDR=f"198.51.100.{n}") for n in range(4)]
    assert answers == [302, 302, 302, 429]


def test_a_browser_with_a_cookie_of_its_own_making_is_counted_by_address(alice: Client) -> None:
    for number in range(3):
        alice.cookies["device"] = f"invented-{number}"
        assert top_up(alice, number) == 302
    alice.cookies["device"] = "invented-9"
    assert "device" in alice.get("/wallet/").cookies
    assert top_up(alice, 9) == 429


def test_a_forged_header_changes_nothing(alice: Client) -> None:
    answers = [top_up(alice, n, HTTP_X_FORWARDED_FOR=f"192.0.2.{n}") for n in range(4)]
    assert answers == [302, 302, 302, 429]
