"""An installation without an SMS carrier, as production is: e-mail only, and it says so."""

from typing import Any

import pytest
from django.test import Client

from keepline.accounts.models import User
from keepline.accounts.phones import NO_SMS
from keepline.gateways import switchboard
from tests.accounts.conftest import EMAIL, GOOD, PHONE, Handset, confirm, is_in, sign_in
from tests.doubles import Mailbox

OTHER = "+447400123457"


@pytest.fixture(autouse=True)
def no_sms(handset: Handset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(switchboard._factories, "sms")


def says_so(answer: Any) -> bool:
    return str(NO_SMS) in answer.content.decode()


def test_sign_up_by_phone_is_refused(visitor: Client, mailbox: Mailbox) -> None:
    data = {"by": "phone", "phone": PHONE, "password1": GOOD}
    assert says_so(visitor.post("/accounts/signup/", data))
    assert not User.objects.exists()
    visitor.post("/accounts/signup/", {"by": "email", "email": EMAIL, "password1": GOOD})
    assert User.objects.get().email == EMAIL
    assert len(mailbox.sent) == 1


@pytest.mark.parametrize("phone", [PHONE, OTHER])
def test_a_new_password_by_phone_is_refused_known_or_not(
    phone: str, dora: User, visitor: Client
) -> None:
    assert says_so(visitor.post("/accounts/password/reset/", {"email": phone}))
    assert dora.phone != OTHER


def test_a_number_cannot_be_changed(dora: User, visitor: Client) -> None:
    sign_in(visitor)
    confirm(visitor)
    answer = visitor.post("/accounts/phone/change/", {"phone": OTHER, "action_add": ""})
    assert says_so(answer)
    dora.refresh_from_db()
    assert dora.phone == PHONE


def test_a_number_not_confirmed_yet_opens_nothing(dora: User, visitor: Client) -> None:
    User.objects.filter(pk=dora.pk).update(phone_verified=False)
    answer = visitor.post("/accounts/login/", {"login": PHONE, "password": GOOD}, follow=True)
    assert says_so(answer)
    assert not is_in(visitor)


def test_a_confirmed_number_still_opens_the_door(dora: User, visitor: Client) -> None:
    assert sign_in(visitor, str(dora.phone)) == 302
    assert is_in(visitor)
