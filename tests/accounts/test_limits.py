"""Limits count in the shared cache, and SMS are too dear to be pumped."""

import html

import pytest
from django.test import Client
from pytest_django import Settings

from keepline.accounts.models import User
from keepline.accounts.phones import NOT_THERE
from keepline.accounts.sms_limits import may_send
from tests.accounts.conftest import GOOD, PHONE, Handset


def ask(phone: str, client: Client | None = None) -> int:
    return (client or Client()).post("/accounts/password/reset/", {"email": phone}).status_code


def test_a_number_waits_between_two_sms(dora: User, handset: Handset) -> None:
    assert ask(PHONE) == 302
    assert ask(PHONE) == 429
    assert len(handset.sent) == 1


def test_an_address_gets_few_sms_a_minute(handset: Handset) -> None:
    answers = [ask(f"+4474001234{n:02}") for n in range(50, 57)]
    assert answers == [302] * 5 + [429] * 2
    assert len(handset.sent) == 5


def test_a_country_has_its_hour(handset: Handset, settings: Settings) -> None:
    settings.SMS_PER_COUNTRY_AN_HOUR = 2
    assert [ask(f"+4474001234{n:02}") for n in range(50, 53)] == [302, 302, 429]
    assert ask("+8613800138000") == 302
    assert len(handset.sent) == 3


@pytest.mark.parametrize(
    ("setting", "phones"),
    [
        ("SMS_PER_NUMBER_IN_TEN_MINUTES", ["+447400123456", "+447400123456", "+447400123457"]),
        ("SMS_PER_ADDRESS_AN_HOUR", ["+447400123456", "+8613800138000"]),
        ("SMS_PER_BLOCK_AN_HOUR", ["+447400123456", "+447400129999", "+447400223456"]),
        ("SMS_PER_COUNTRY_AN_HOUR", ["+447400123456", "+447400323456", "+8613800138000"]),
        ("SMS_PER_DAY", ["+447400123456", "+8613800138000"]),
    ],
)
def test_each_limit_holds_what_it_is_for(
    settings: Settings, setting: str, phones: list[str]
) -> None:
    setattr(settings, setting, 1)
    first, same, *other = phones
    assert may_send(first, "192.0.2.1")
    assert not may_send(same, "192.0.2.1")
    assert all(may_send(phone, "192.0.2.1") for phone in other)


def test_who_tries_one_number_uses_up_nothing_else(settings: Settings) -> None:
    settings.SMS_PER_DAY = 4
    assert [may_send(PHONE, "192.0.2.1") for _ in range(9)] == [True] * 3 + [False] * 6
    assert may_send("+8613800138000", "192.0.2.2")


def test_countries_that_are_not_served(dora: User, handset: Handset, settings: Settings) -> None:
    settings.SMS_COUNTRIES = frozenset({"CN"})
    data = {"by": "phone", "phone": PHONE, "password1": GOOD}
    answer = Client().post("/accounts/signup/", data)
    assert str(NOT_THERE) in html.unescape(answer.content.decode())
    assert ask("+8613800138000") == 302
    for phone in (PHONE, "+447400123457"):  # known or not, the answer is the same
        answer = Client().post("/accounts/password/reset/", {"email": phone})
        assert str(NOT_THERE) in html.unescape(answer.content.decode())
    assert [message.to for message in handset.sent] == ["+8613800138000"]


def test_a_code_is_of_use_for_ten_minutes(handset: Handset) -> None:
    data = {"by": "phone", "phone": PHONE, "password1": GOOD}
    Client().post("/accounts/signup/", data)
    assert [message.useful_for_s for message in handset.sent] == [600]


def test_sign_up_by_phone_has_the_same_limit(handset: Handset, settings: Settings) -> None:
    settings.SMS_PER_COUNTRY_AN_HOUR = 0
    data = {"by": "phone", "phone": PHONE, "password1": GOOD}
    assert Client().post("/accounts/signup/", data).status_code == 429
    assert handset.sent == []


def test_too_many_is_a_page_in_ones_language(dora: User) -> None:
    visitor = Client(HTTP_ACCEPT_LANGUAGE="zh-CN")
    ask(PHONE)
    answer = visitor.post("/accounts/password/reset/", {"email": PHONE})
    assert answer.status_code == 429
    assert "尝试次数过多" in answer.content.decode()


@pytest.mark.parametrize("count", [11])
def test_sign_ups_from_one_address(count: int) -> None:
    data = {"by": "email", "email": "nobody", "password1": GOOD}
    answers = [Client().post("/accounts/signup/", data).status_code for _ in range(count)]
    assert answers == [200] * 10 + [429]
