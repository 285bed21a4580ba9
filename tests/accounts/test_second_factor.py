"""TOTP, recovery codes, passkeys: reachable, asked for, encrypted, behind a fresh password."""

import base64
import hashlib
import hmac
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from keepline.accounts.models import User
from keepline.accounts.second_factor import SecondFactorAdapter
from tests.accounts.conftest import BETTER, EMAIL, GOOD, confirm, is_in, sign_in
from tests.doubles import Mailbox


def totp(secret: str) -> str:
    """RFC 6238 with SHA-1, six digits, 30 seconds: what an app shows now."""
    mac = hmac.digest(
        base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1
    )
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


@pytest.fixture
def secret(dora: User) -> str:
    """Dora's authenticator app is switched on, through the pages."""
    client = Client()
    sign_in(client)
    confirm(client)
    form = client.get("/accounts/2fa/totp/activate/").context["form"]
    made: str = form.secret
    answer = client.post("/accounts/2fa/totp/activate/", {"code": totp(made)})
    assert answer.status_code == 302
    return made


def test_the_secret_is_stored_encrypted(secret: str) -> None:
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]
    assert secret not in stored
    assert SecondFactorAdapter().decrypt(stored) == secret


def test_the_second_step_is_asked_for(visitor: Client, secret: str) -> None:
    answer = visitor.post("/accounts/login/", {"login": EMAIL, "password": GOOD})
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(visitor)
    assert visitor.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert not is_in(visitor)


def test_a_recovery_code_works_once(secret: str, dora: User) -> None:
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap()
    code = codes.get_unused_codes()[0]  # type: ignore[union-attr]
    for expected in (True, False):
        client = Client()
        sign_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        assert is_in(client) is expected


def test_a_reset_does_not_go_round_the_second_step(
    visitor: Client, secret: str, mailbox: Mailbox
) -> None:
    from tests.accounts.test_sign_in import reset_link

    visitor.post("/accounts/password/reset/", {"email": EMAIL})
    form = visitor.get(reset_link(mailbox), follow=True)
    visitor.post(form.request["PATH_INFO"], {"password1": BETTER})
    answer = visitor.post("/accounts/login/", {"login": EMAIL, "password": BETTER})
    assert answer["Location"] == "/accounts/2fa/authenticate/"


PAGES = [
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/email/",
    "/accounts/phone/change/",
    "/accounts/password/change/",
    "/accounts/sessions/",
    "/accounts/logout/",
]


@pytest.mark.parametrize("url", PAGES)
def test_reachable_when_signed_in_and_only_then(visitor: Client, dora: User, url: str) -> None:
    away = visitor.get(url)
    assert away.status_code == 302
    assert away["Location"].startswith(("/accounts/login/", "/accounts/reauthenticate/"))
    sign_in(visitor)
    confirm(visitor)
    assert visitor.get(url).status_code == 200


def test_a_passkey_challenge_is_given_to_anybody(visitor: Client) -> None:
    """It names no account: the passkey itself says whose it is."""
    answer = visitor.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
    options = answer.json()["request_options"]["publicKey"]
    assert options["challenge"]
    assert not options.get("allowCredentials")


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("/accounts/email/", {"action_add": "", "email": "new@example.com"}),
        ("/accounts/phone/change/", {"action_add": "", "phone": "+447400123457"}),
        ("/accounts/2fa/recovery-codes/generate/", {}),
        ("/accounts/2fa/totp/deactivate/", {}),
    ],
)
def test_changes_ask_for_the_password_again(
    secret: str, dora: User, url: str, data: dict[str, str]
) -> None:
    client = Client()
    client.force_login(dora)  # as if the password had been typed long ago
    answer = client.post(url, data)
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    dora.refresh_from_db()
    assert (dora.email, dora.phone) == (EMAIL, "+447400123456")
    assert Authenticator.objects.filter(user=dora, type=Authenticator.Type.TOTP).exists()
