"""Sign-in by the API: as strict, as limited and as silent as the portal's."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)

from keepline.accounts.models import ApiToken, User
from keepline.accounts.services import issue_token, revoke_token
from keepline.audit.models import AuditEvent
from tests import cast as people
from tests.api.callers import Caller, caller_for
from tests.cast import NOW, PASSWORD, Cast

pytestmark = pytest.mark.django_db
NOBODY = Caller()
PHONE = "+4915123456789"


def sign_in(login: str = "alice@example.com", password: str = PASSWORD, **more: Any) -> Any:
    return NOBODY.post("/v1/tokens", {"login": login, "password": password, **more})


def now_code(secret: str, step: int = 1) -> str:
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[step]))


def second_factor(user: User) -> str:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def test_a_token_for_e_mail_and_password(stage: Cast) -> None:
    answer = sign_in("  Alice@Example.com", name="night job", valid_days=7)
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["name"]) == ("Bearer", "night job")
    assert body["expires_at"] == "2026-03-17T12:00:00Z"
    assert body["account_id"] == str(stage.account.id)
    assert Caller(body["token"]).get("/v1/account").status_code == 200
    assert AuditEvent.objects.filter(action="token.issued").count() == 1
    with time_machine.travel(NOW + timedelta(days=7, seconds=1)):
        assert Caller(body["token"]).get("/v1/account").status_code == 401


def test_a_token_for_a_verified_number_and_password(stage: Cast) -> None:
    User.objects.filter(pk=stage.alice.pk).update(phone=PHONE, phone_verified=True)
    assert sign_in("+49 1512 3456789").status_code == 201
    User.objects.filter(pk=stage.alice.pk).update(phone_verified=False)
    assert sign_in(PHONE).json()["code"] == "sign_in_refused"


def test_all_that_is_not_right_is_one_and_the_same_answer(stage: Cast) -> None:
    closed = people.person("closed", is_active=False)
    people.account(closed)
    unverified = people.person("unverified")
    people.account(unverified)
    EmailAddress.objects.filter(user=unverified).update(verified=False)
    people.person("staff")  # holds no account
    answers = [
        sign_in(password="not her password"),
        sign_in("nobody@example.com"),
        sign_in("not an address"),
        sign_in("closed@example.com"),
        sign_in("unverified@example.com"),
        sign_in("staff@example.com"),
        sign_in(PHONE),
    ]
    seen = set()
    for answer in answers:
        body = answer.json()
        body.pop("request_id")
        headers = {k: v for k, v in answer.headers.items() if k != "X-Request-Id"}
        seen.add((answer.status_code, str(body), str(headers)))
    assert len(seen) == 1
    assert answers[0].json()["code"] == "sign_in_refused"
    assert not ApiToken.objects.exists()


def test_guessing_ends_after_five_tries_for_the_right_password_too(stage: Cast) -> None:
    for _ in range(5):
        assert sign_in(password="a guess").status_code == 401
    answer = sign_in()
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert answer["Retry-After"] == "300"
    # For an address without an account the limit tells nothing either.
    for _ in range(5):
        assert sign_in("nobody@example.com").status_code in (401, 429)
    assert sign_in("nobody@example.com").status_code == 429
    with time_machine.travel(NOW + timedelta(seconds=301)):
        assert sign_in().status_code == 201


def test_tries_here_and_in_the_portal_are_counted_together(stage: Cast) -> None:
    for _ in range(5):
        assert sign_in(password="a guess").status_code == 401
    page = NOBODY.client.post(
        "/accounts/login/", {"login": "alice@example.com", "password": PASSWORD}
    )
    assert page.status_code != 302


def test_the_second_factor_is_asked_for_and_taken_once(stage: Cast) -> None:
    secret = second_factor(stage.alice)
    assert sign_in().json()["code"] == "second_factor_needed"
    assert sign_in(code="000000").json()["code"] == "second_factor_refused"
    code = now_code(secret)
    assert sign_in(code=code).status_code == 201
    assert sign_in(code=code).json()["code"] == "second_factor_refused"
    assert sign_in(password="wrong", code=now_code(secret, 0)).json()["code"] == "sign_in_refused"


def test_a_recovery_code_serves_once(stage: Cast) -> None:
    second_factor(stage.alice)
    codes = RecoveryCodes.activate(stage.alice).get_unused_codes()
    assert sign_in(code=codes[0]).status_code == 201
    assert sign_in(code=codes[0]).json()["code"] == "second_factor_refused"


def test_guessing_the_second_factor_ends_too(stage: Cast) -> None:
    secret = second_factor(stage.alice)
    codes = [sign_in(code=f"00000{n}").json()["code"] for n in range(6)]
    assert codes[:5] == ["second_factor_refused"] * 5
    assert codes[5] == "rate_limited"
    assert sign_in(code=now_code(secret)).status_code == 429


def test_a_passkey_needs_a_browser(stage: Cast) -> None:
    Authenticator.objects.create(user=stage.alice, type=Authenticator.Type.WEBAUTHN, data={})
    answer = sign_in()
    assert (answer.status_code, answer.json()["code"]) == (403, "passkey_only")


def test_twenty_tokens_are_enough(stage: Cast) -> None:
    for _ in range(20):
        issued = issue_token(stage.alice, stage.account, "old", NOW)
    assert sign_in().json()["code"] == "tokens_full"
    revoke_token(stage.alice, issued.token.pk, NOW)
    assert sign_in().status_code == 201


def test_signing_out_ends_this_token_alone(alice: Caller, stage: Cast) -> None:
    other = caller_for(stage.alice, stage.account)
    answer = alice.delete("/v1/tokens/current")
    assert (answer.status_code, answer.content) == (204, b"")
    assert alice.get("/v1/account").json()["code"] == "token_refused"
    assert alice.delete("/v1/tokens/current").status_code == 401
    assert other.get("/v1/account").status_code == 200
    assert AuditEvent.objects.filter(action="token.revoked").count() == 1


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x y", "Bearer " + "k" * 500, "Bearer é"],
)
def test_what_is_no_token_opens_nothing(db: None, header: str) -> None:
    answer = NOBODY.get("/v1/account", Authorization=header)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")
    assert answer["WWW-Authenticate"].startswith('Bearer realm="keepline"')


def test_a_session_of_the_portal_opens_nothing_here(stage: Cast) -> None:
    caller = Caller()
    caller.client.force_login(stage.alice)
    assert caller.get("/v1/account").status_code == 401


def test_a_member_who_left_and_a_closed_account_open_nothing(
    alice: Caller, bob: Caller, stage: Cast
) -> None:
    stage.bob.memberships.all().delete()
    assert bob.get("/v1/account").status_code == 401
    stage.account.closed_at = NOW
    stage.account.save()
    assert alice.get("/v1/account").status_code == 401
