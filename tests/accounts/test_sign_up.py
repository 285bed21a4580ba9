"""Sign-up by e-mail or phone, verified by a code; what is known already is not told."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from keepline.accounts.models import User
from keepline.accounts.queries import member_account
from keepline.ledger.models import Wallet
from tests.accounts.conftest import EMAIL, GOOD, PHONE, Handset, is_in
from tests.doubles import Mailbox


def by_email(client: Client, email: str = EMAIL, **more: str) -> Any:
    data = {"by": "email", "email": email, "password1": GOOD, **more}
    return client.post("/accounts/signup/", data)


def by_phone(client: Client, phone: str = PHONE, **more: str) -> Any:
    data = {"by": "phone", "phone": phone, "password1": GOOD, **more}
    return client.post("/accounts/signup/", data)


def mailed_code(mailbox: Mailbox) -> str:
    found = re.search(r"\b\d{4}-\d{4}\b", mailbox.sent[-1].text)
    assert found
    return found[0]


def test_by_email(visitor: Client, mailbox: Mailbox) -> None:
    answer = by_email(visitor, time_zone="Asia/Shanghai")
    assert answer.headers["Location"] == "/accounts/confirm-email/"
    assert not is_in(visitor)
    visitor.post("/accounts/confirm-email/", {"code": mailed_code(mailbox)})
    assert is_in(visitor)
    user = User.objects.get()
    assert (user.email, user.phone, user.time_zone) == (EMAIL, None, "Asia/Shanghai")
    account = member_account(user)
    assert account is not None
    assert account.currency == "CNY"
    assert Wallet.objects.get(account_id=account.id).currency == "CNY"


def test_by_phone(visitor: Client, handset: Handset) -> None:
    answer = by_phone(visitor, "+44 (0)7400 123-456")
    assert answer.headers["Location"] == "/accounts/phone/verify/"
    assert not is_in(visitor)
    visitor.post("/accounts/phone/verify/", {"code": handset.code()})
    assert is_in(visitor)
    user = User.objects.get()
    assert (user.email, user.phone, user.phone_verified) == (None, PHONE, True)
    account = member_account(user)
    assert account is not None
    assert account.currency == "GBP"


def test_three_wrong_codes_end_it(visitor: Client, handset: Handset) -> None:
    by_phone(visitor)
    wrong = f"{(int(handset.code()) + 1) % 10**6:06}"
    for _ in range(3):
        visitor.post("/accounts/phone/verify/", {"code": wrong})
    visitor.post("/accounts/phone/verify/", {"code": handset.code()})
    assert not is_in(visitor)


@pytest.mark.parametrize(
    "phone", ["07400123456", "+44", "+441212345678", "+4912345", "hello", "+1900555012345", ""]
)
def test_what_is_no_mobile_number(visitor: Client, phone: str, handset: Handset) -> None:
    answer = by_phone(visitor, phone)
    assert answer.status_code == 200
    assert answer.context["form"].errors["phone"]
    assert handset.sent == []
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 250 + "@example.com"])
def test_what_is_no_address(visitor: Client, email: str, mailbox: Mailbox) -> None:
    answer = by_email(visitor, email)
    assert answer.status_code == 200
    assert answer.context["form"].errors["email"]
    assert mailbox.sent == []


def test_a_guessable_password_is_refused_with_its_reason(visitor: Client) -> None:
    answer = visitor.post(
        "/accounts/signup/", {"by": "email", "email": EMAIL, "password1": "passwordpassword"}
    )
    assert "It repeats itself" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("sign_up", [by_email, by_phone])
def test_an_account_that_exists_is_not_told(
    sign_up: Callable[[Client], Any], dora: User, mailbox: Mailbox, handset: Handset
) -> None:
    """Status, goal, page and number of messages are those of a new address."""
    known, new = Client(HTTP_ACCEPT_LANGUAGE="en"), Client(HTTP_ACCEPT_LANGUAGE="en")
    told = sign_up(known)
    assert len(mailbox.sent) + len(handset.sent) == 1
    fresh = {by_email: "fresh@example.com", by_phone: "+447400123457"}[sign_up]
    untold = sign_up(new, fresh)  # type: ignore[call-arg]
    assert len(mailbox.sent) + len(handset.sent) == 2
    assert (told.status_code, told["Location"]) == (untold.status_code, untold["Location"])
    assert page(known, told["Location"]) == page(new, untold["Location"])
    assert not is_in(known)
    assert User.objects.get(pk=dora.pk).check_password(GOOD)


def test_the_real_owner_is_told(dora: User, visitor: Client, mailbox: Mailbox) -> None:
    by_email(visitor)
    assert mailbox.sent[0].subject == "You have a Keepline account already"
    assert "/accounts/password/reset/" in mailbox.sent[0].text


def page(client: Client, url: str) -> str:
    """The page without what differs by itself: tokens and the address typed in."""
    text = client.get(url).content.decode()
    text = re.sub(r'value="\w{64}"', "", text)
    return re.sub(r"[\w.]+@example\.com|\+44 7400 12345\d", "ADDRESS", text)


def test_languages_are_guessed(mailbox: Mailbox) -> None:
    visitor = Client(HTTP_ACCEPT_LANGUAGE="zh-CN,zh;q=0.9")
    by_email(visitor)
    assert User.objects.get().language == "zh-hans"
    assert mailbox.sent[0].subject.endswith("您的 Keepline 验证码")


def test_a_made_up_zone_becomes_utc(visitor: Client) -> None:
    by_email(visitor, time_zone="../../etc/passwd")
    user = User.objects.get()
    assert user.time_zone == "UTC"
    account = member_account(user)
    assert account is not None
    assert account.currency == settings.CURRENCIES[0]


def test_codes_stay_out_of_the_log(
    visitor: Client, handset: Handset, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    by_phone(visitor)
    assert handset.code() not in caplog.text
