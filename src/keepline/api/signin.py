"""Password and second factor by JSON: allauth's checks, limits and silence, without its session.

The portal and this stand on the same backend, the same counters and the same rules; who guesses
here uses up the same tries as there, and learns as little: an address without an account, with
another password, not verified, or closed gets one and the same answer, equally late.
"""

from allauth.account.adapter import get_adapter
from allauth.account.utils import has_verified_email
from allauth.core import context, ratelimit
from allauth.mfa.base.forms import BaseAuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from keepline.accounts.models import User
from keepline.accounts.phones import parse_phone
from keepline.api.problems import Refused
from keepline.api.shapes.requests import SignIn

# How long the windows of config/signin.py are, in seconds.
SIGN_IN_WINDOW, FAILED_WINDOW = "60", "300"
TOO_MANY = "too_many_login_attempts"  # allauth's code


def sign_in(request: HttpRequest, body: SignIn) -> User:
    """The user that `body` proves. Raises Refused: rate_limited, sign_in_refused, second factor."""
    with context.request_context(request):
        if not ratelimit.consume(request, action="login"):
            raise Refused("rate_limited", {"Retry-After": SIGN_IN_WINDOW})
        user = _by_password(request, body)
        _by_second_factor(user, body.code)
    return user


def _by_password(request: HttpRequest, body: SignIn) -> User:
    phone = parse_phone(body.login)
    email = "" if phone else body.login.strip().lower()
    credentials = {"phone": phone} if phone else {"email": email}
    try:
        user = get_adapter(request).authenticate(request, password=body.password, **credentials)
    except ValidationError as error:
        if error.code != TOO_MANY:
            raise
        raise Refused("rate_limited", {"Retry-After": FAILED_WINDOW}) from error
    # allauth hands out closed users too, for a page of its own.
    if user is None or not user.is_active or not _verified(user, email):
        raise Refused("sign_in_refused")
    found: User = user
    return found


def _verified(user: User, email: str) -> bool:
    if email:
        return bool(has_verified_email(user, email))
    return user.phone_verified or bool(user.former_phone and not user.email)


def _by_second_factor(user: User, code: str | None) -> None:
    kinds = Authenticator.Type
    if not is_mfa_enabled(user, [kinds.TOTP, kinds.WEBAUTHN]):
        return
    if not is_mfa_enabled(user, [kinds.TOTP]):
        raise Refused("passkey_only")
    if code is None:
        raise Refused("second_factor_needed")
    form = BaseAuthenticateForm({"code": code}, user=user)
    if form.is_valid():
        form.authenticator.record_usage()
        return
    if form.has_error("code", TOO_MANY):
        raise Refused("rate_limited", {"Retry-After": FAILED_WINDOW})
    raise Refused("second_factor_refused")
