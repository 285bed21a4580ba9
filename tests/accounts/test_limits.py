"""Limits count in the shared cache, and SMS are too dear to be pumped."""

import pytest
from django.test import Client
from pytest_django import Settings

from keepline.accounts.models import User
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
