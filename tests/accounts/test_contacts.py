"""Contacts that are replaced: noted, told to the old ones, and numbers wait (flows/limits.py)."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from keepline.accounts.models import User
from keepline.inventory.models import Number
from tests.accounts.conftest import (
    BETTER,
    EMAIL,
    GOOD,
    PHONE,
    Handset,
    confirm,
    is_in,
    sign_in,
)
from tests.doubles import Mailbox
from tests.inventory import shelves

OTHER_PHONE, OTHER_EMAIL = "+447400123457", "other@example.com"


def changed(user: User) -> bool:
    user.refresh_from_db()
    return user.contacts_changed_at is not None


def mails_to(mailbox: Mailbox, address: str) -> str:
    return "\n".join(each.text for each in mailbox.sent if each.to == address)


def with_another_phone(visitor: Client, handset: Handset) -> Any:
    sign_in(visitor)
    confirm(visitor)
    visitor.post("/accounts/phone/change/", {"phone": OTHER_PHONE, "action_add": ""})
    assert handset.sent[-1].to == OTHER_PHONE
    return visitor.post("/accounts/phone/verify/", {"code": handset.code()}, follow=True)


def test_another_phone_is_told_to_the_old_one(
    visitor: Client, dora: User, handset: Handset, mailbox: Mailbox
) -> None:
    assert not changed(dora)
    with_another_phone(visitor, handset)
    assert changed(dora)
    assert dora.phone == OTHER_PHONE
    assert (handset.sent[-1].to, "was replaced" in handset.sent[-1].text) == (PHONE, True)
    told = mails_to(mailbox, EMAIL)
    assert "+44 7400 123457 now, in place of +44 7400 123456" in told
    assert "set a new password at once" in told


def test_another_e_mail_is_told_to_the_old_one(
    visitor: Client, dora: User, mailbox: Mailbox
) -> None:
    sign_in(visitor)
    confirm(visitor)
    visitor.post("/accounts/email/", {"email": OTHER_EMAIL, "action_add": ""})
    assert not changed(dora), "nothing is confirmed yet"
    code = re.search(r"\d{4}-\d{4}", mails_to(mailbox, OTHER_EMAIL))
    assert code
    visitor.post("/accounts/confirm-email/", {"code": code[0]})
    assert EmailAddress.objects.get(user=dora).email == OTHER_EMAIL
    assert changed(dora)
    assert OTHER_EMAIL in mails_to(mailbox, EMAIL)


def test_a_forgotten_password_is_a_change_and_a_known_one_none(
    visitor: Client, dora: User, handset: Handset
) -> None:
    sign_in(visitor)
    visitor.post("/accounts/password/change/", {"oldpassword": GOOD, "password1": BETTER})
    assert sign_in(Client(), EMAIL, BETTER) == 302
    assert not changed(dora)
    visitor.logout()
    cache.clear()
    visitor.post("/accounts/password/reset/", {"email": PHONE})
    visitor.post("/accounts/password/reset/code/", {"code": handset.code()})
    visitor.post("/accounts/password/reset/new/", {"password1": GOOD})
    assert sign_in(visitor) == 302
    assert changed(dora)


@pytest.mark.parametrize("by", ["email", "phone"])
def test_signing_up_is_no_change(
    by: str, visitor: Client, handset: Handset, mailbox: Mailbox
) -> None:
    name = {"email": OTHER_EMAIL, "phone": OTHER_PHONE}[by]
    visitor.post("/accounts/signup/", {"by": by, by: name, "password1": GOOD})
    if by == "phone":
        visitor.post("/accounts/phone/verify/", {"code": handset.code()})
    else:
        code = re.search(r"\d{4}-\d{4}", mailbox.sent[-1].text)
        assert code
        visitor.post("/accounts/confirm-email/", {"code": code[0]})
    assert is_in(visitor)
    assert not changed(User.objects.get())


def test_a_number_of_ours_that_nobody_has_is_refused(
    visitor: Client, dora: User, handset: Handset
) -> None:
    shelves.numbers(shelves.pool(), 1, first=int(OTHER_PHONE))
    answer = with_another_phone(visitor, handset)
    assert "Nobody has this number right now" in answer.content.decode()
    assert not changed(dora)
    assert dora.phone == PHONE
    assert Number.objects.get().state == "available"
