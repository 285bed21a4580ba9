"""Sign-in by e-mail and by phone; limits; sessions; what leaves no trace of who exists."""

import re
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from keepline.accounts.models import User
from keepline.accounts.services import admit_user, detach_phones
from keepline.flows.open_account import open_account
from tests.accounts.conftest import BETTER, EMAIL, GOOD, PHONE, Handset, is_in, sign_in
from tests.doubles import Mailbox


@pytest.mark.parametrize("login", [EMAIL, "DORA@Example.com", PHONE, "0044 7400 123456"])
def test_by_either_address(visitor: Client, dora: User, login: str) -> None:
    assert sign_in(visitor, login) == 302
    assert is_in(visitor)


@pytest.mark.parametrize(
    "login", [EMAIL, "nobody@example.com", PHONE, "+447400123459", "dora", "07400123456"]
)
def test_one_answer_to_all_that_is_wrong(visitor: Client, dora: User, login: str) -> None:
    answer = visitor.post("/accounts/login/", {"login": login, "password": BETTER})
    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors() == [
        "This combination of e-mail or number and password is not known to us."
    ]


def test_a_lost_number_is_no_key(visitor: Client, dora: User) -> None:
    assert detach_phones([int(PHONE), 447400123459]) == 1
    assert sign_in(visitor, PHONE) == 200
    assert sign_in(visitor, EMAIL) == 302
    dora.refresh_from_db()
    assert (dora.phone, dora.former_phone, dora.phone_verified) == (None, PHONE, False)


def test_who_has_no_e_mail_keeps_the_lost_number_as_a_name(
    visitor: Client, handset: Handset
) -> None:
    """The password opens, the number alone nothing; and no longer once somebody else brings it."""
    alone = admit_user(GOOD, phone=PHONE)
    open_account(alone, "EUR", "en", "UTC", timezone.now())
    detach_phones([int(PHONE)])
    assert sign_in(visitor, PHONE, BETTER) == 200
    assert sign_in(visitor, PHONE) == 302
    page = visitor.get("/").content.decode()
    assert "is not yours any more, and you have no other way to sign in" in page
    visitor.logout()
    visitor.post("/accounts/password/reset/", {"email": PHONE})
    assert "has no account" in handset.sent[-1].text, "no code goes to it"
    admit_user(BETTER, phone=PHONE)
    assert sign_in(visitor, PHONE) == 200
    assert sign_in(visitor, PHONE, BETTER) == 302


def test_two_who_lost_one_number_have_no_name(visitor: Client) -> None:
    for _ in range(2):
        admit_user(GOOD, phone=PHONE)
        detach_phones([int(PHONE)])
    assert sign_in(visitor, PHONE) == 200


def test_the_sixth_wrong_password_is_refused_unread(visitor: Client, dora: User) -> None:
    for _ in range(5):
        sign_in(visitor, EMAIL, BETTER)
    answer = visitor.post("/accounts/login/", {"login": EMAIL, "password": GOOD})
    assert answer.status_code == 200
    assert not is_in(visitor)
    assert "Too many failed login attempts" in answer.content.decode()


def test_phones_do_not_share_a_counter(visitor: Client, dora: User) -> None:
    """Five failures on one number must not lock out every other number."""
    for _ in range(5):
        sign_in(visitor, "+447400123459", BETTER)
    assert sign_in(visitor, PHONE) == 302


def test_a_forged_forwarded_address_changes_nothing(dora: User) -> None:
    for n in range(10):
        Client(HTTP_X_FORWARDED_FOR=f"10.0.0.{n}").post(
            "/accounts/login/", {"login": f"x{n}@example.com", "password": BETTER}
        )
    assert sign_in(Client(HTTP_X_FORWARDED_FOR="10.0.1.1")) == 200


def test_the_session_changes_at_sign_in(visitor: Client, dora: User) -> None:
    visitor.get("/accounts/login/")
    before = visitor.session.session_key
    sign_in(visitor)
    assert visitor.session.session_key != before


def test_a_session_ended_elsewhere_is_dead(dora: User) -> None:
    phone, laptop = Client(), Client()
    sign_in(phone)
    sign_in(laptop)
    ended = UserSession.objects.get(session_key=phone.session.session_key)
    assert laptop.post(f"/accounts/sessions/{ended.pk}/end/").status_code == 302
    assert not is_in(phone)
    assert is_in(laptop)


def test_all_others_are_ended(dora: User) -> None:
    phone, laptop = Client(), Client()
    sign_in(phone)
    sign_in(laptop)
    laptop.post("/accounts/sessions/")
    assert not is_in(phone)
    assert is_in(laptop)


def test_a_strangers_session_is_out_of_reach(dora: User) -> None:
    admit_user(GOOD, email="eve@example.com")
    dorothea, eve = Client(), Client()
    sign_in(dorothea)
    sign_in(eve, "eve@example.com")
    hers = UserSession.objects.get(user=dora)
    assert eve.post(f"/accounts/sessions/{hers.pk}/end/").status_code == 404
    assert is_in(dorothea)
    assert "127.0.0.1" in eve.get("/accounts/sessions/").content.decode()
    assert UserSession.objects.filter(pk=hers.pk).exists()


def reset_link(mailbox: Mailbox) -> str:
    found = re.search(r"http\S+/password/reset/key/\S+", mailbox.sent[-1].text)
    assert found, mailbox.sent[-1].text
    return urlsplit(found[0]).path


def test_a_reset_link_works_once(visitor: Client, dora: User, mailbox: Mailbox) -> None:
    signed_in = Client()
    sign_in(signed_in)
    visitor.post("/accounts/password/reset/", {"email": EMAIL})
    link = reset_link(mailbox)
    form = visitor.get(link, follow=True)
    visitor.post(form.request["PATH_INFO"], {"password1": BETTER})
    assert not is_in(signed_in), "sessions outlived the old password"
    assert sign_in(Client()) == 200
    assert sign_in(Client(), EMAIL, BETTER) == 302
    again = Client().get(link, follow=True)
    assert "This link no longer works" in again.content.decode()


def test_reset_tells_nobody_who_exists(dora: User, mailbox: Mailbox) -> None:
    known, unknown = Client(), Client()
    told = known.post("/accounts/password/reset/", {"email": EMAIL}, follow=True)
    untold = unknown.post("/accounts/password/reset/", {"email": "x@example.com"}, follow=True)
    assert told.redirect_chain == untold.redirect_chain
    assert strip(told.content) == strip(untold.content)
    assert [message.to for message in mailbox.sent] == [EMAIL, "x@example.com"]


def test_reset_by_phone(visitor: Client, dora: User, handset: Handset) -> None:
    visitor.post("/accounts/password/reset/", {"email": "+44 7400 123456"})
    visitor.post("/accounts/password/reset/code/", {"code": handset.code()})
    visitor.post("/accounts/password/reset/new/", {"password1": BETTER})
    assert not is_in(visitor), "a reset signs nobody in"
    assert sign_in(Client(), PHONE, BETTER) == 302


def test_reset_by_phone_needs_its_code(visitor: Client, dora: User, handset: Handset) -> None:
    visitor.post("/accounts/password/reset/", {"email": PHONE})
    skipped = visitor.post("/accounts/password/reset/new/", {"password1": BETTER})
    assert skipped["Location"] == "/accounts/password/reset/"
    wrong = f"{(int(handset.code()) + 1) % 10**6:06}"
    for _ in range(3):
        visitor.post("/accounts/password/reset/code/", {"code": wrong})
    late = visitor.post("/accounts/password/reset/code/", {"code": handset.code()})
    assert late["Location"] == "/accounts/password/reset/"
    assert sign_in(Client()) == 302


def test_reset_by_phone_tells_nobody_who_exists(dora: User, handset: Handset) -> None:
    known, unknown = Client(), Client()
    told = known.post("/accounts/password/reset/", {"email": PHONE}, follow=True)
    untold = unknown.post("/accounts/password/reset/", {"email": "+447400123457"}, follow=True)
    assert told.redirect_chain == untold.redirect_chain
    assert strip(told.content) == strip(untold.content)
    assert [message.to for message in handset.sent] == [PHONE, "+447400123457"]
    refused = unknown.post("/accounts/password/reset/code/", {"code": ""})
    assert refused.status_code == 200, "no code must never be the right code"


def strip(content: bytes) -> str:
    text = re.sub(r'value="\w{64}"', "", content.decode())
    return re.sub(r"[\w.]+@example\.com|\+44 7400 12345\d", "ADDRESS", text)


def test_an_unverified_address_asks_for_its_code(visitor: Client, dora: User) -> None:
    EmailAddress.objects.filter(user=dora).update(verified=False)
    answer = visitor.post("/accounts/login/", {"login": EMAIL, "password": GOOD})
    assert answer["Location"] == "/accounts/confirm-email/"
    assert not is_in(visitor)
    assert sign_in(Client(), PHONE) == 302, "a verified phone is enough"
