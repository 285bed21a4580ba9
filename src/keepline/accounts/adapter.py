"""allauth's view of our users: phones, messages through the ports, answers that tell nothing."""

import uuid
from typing import Any, ClassVar

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from keepline.accounts import queries, services
from keepline.accounts.addresses import address_of
from keepline.accounts.models import User
from keepline.accounts.phones import PhoneField, can_be_texted, spoken
from keepline.accounts.sms_limits import may_send
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import (
    ChannelRefused,
    ChannelUnavailable,
    EmailMessage,
)
from keepline.gateways.messaging.sms import SmsMessage

LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3, less the brackets
log = structlog.get_logger()

NO_MATCH = gettext_lazy("This combination of e-mail or number and password is not known to us.")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Phones live on our User; every message leaves through a port."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": NO_MATCH,
        "phone_password_mismatch": NO_MATCH,
        "username_password_mismatch": NO_MATCH,
    }

    def clean_email(self, email: str) -> str:
        """allauth cuts what is too long for its column; another address would be verified."""
        if len(email) > LONGEST_EMAIL:
            raise forms.ValidationError(EmailValidator.message, code="invalid")
        return email

    def phone_form_field(self, **kwargs: Any) -> forms.Field:
        return PhoneField(**kwargs)

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        return (user.phone, user.phone_verified) if user.phone else None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        services.set_phone(user, phone, verified)

    def get_user_by_phone(self, phone: str) -> User | None:
        return queries.user_by_phone(phone)

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """The last address goes only when a verified phone still opens the door."""
        if super().can_delete_email(email_address):
            others = EmailAddress.objects.filter(user_id=email_address.user_id)
            if others.exclude(pk=email_address.pk).exists():
                return True
            return bool(email_address.user.phone_verified)
        return False

    def get_login_stages(self) -> list[str]:
        ours = "keepline.accounts.stages.EmailVerificationStage"
        theirs = "allauth.account.stages.EmailVerificationStage"
        return [ours if stage == theirs else stage for stage in super().get_login_stages()]

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth leaves the phone out, so that all phones would share one counter.
        names = (credentials.get(name) for name in ("email", "phone", "username"))
        login = next((name for name in names if name), "")
        return f"{get_current_site(request).domain}:{login.lower()}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        rendered = self.render_mail(template_prefix, email, {"email": email, **context})
        message = EmailMessage(
            message_id=uuid.uuid4(),
            to=email,
            subject=str(rendered.subject),
            text=str(rendered.body),
            language=get_language() or "en",
        )
        try:
            switchboard.email().send(message)
        except (ChannelRefused, ChannelUnavailable) as error:
            # The page says the same either way; the reader may ask for another message.
            log.warning("signin.mail_not_sent", template=template_prefix, error=str(error))

    def send_verification_code_sms(self, *, phone: str, code: str, **_more: Any) -> None:
        # The last line is what phones fill in by themselves (WebOTP), bound to our host.
        host = context.request.get_host().partition(":")[0]
        text = _("%(code)s is your Keepline code. Nobody else needs it, not even we.")
        code_text = f"{text % {'code': code}}\n\n@{host} #{code}"
        send_sms(phone, code_text, settings.ACCOUNT_PHONE_VERIFICATION_TIMEOUT)

    def send_unknown_account_sms(self, phone: str, **_more: Any) -> None:
        send_sms(
            phone, _("Somebody tried to sign in to Keepline with this number. It has no account.")
        )

    def send_account_already_exists_sms(self, phone: str) -> None:
        send_sms(
            phone,
            _("This number has a Keepline account already. Sign in, or set a new password."),
        )


def send_sms(phone: str, text: str, useful_for_s: int | None = None) -> None:
    """Within the limits against pumping; beyond them the request ends with 429.

    Where nothing sends SMS there it ends on the page where the reader came from, with the reason.
    """
    try:
        can_be_texted(phone)
    except ValidationError as refused:
        request = context.request
        messages.error(request, refused.message)
        here = "account_change_phone" if request.user.is_authenticated else "account_login"
        raise ImmediateHttpResponse(redirect(here)) from None
    if not try_sms(phone, text, useful_for_s):
        raise ImmediateHttpResponse(respond_429(context.request))


def try_sms(phone: str, text: str, useful_for_s: int | None = None) -> bool:
    """Sends, where it can be sent. False beyond the limits against pumping."""
    try:
        can_be_texted(phone)
    except ValidationError:
        return True
    if not may_send(phone, address_of(context.request)):
        log.warning("signin.sms_limit", country_of=spoken(phone)[:4])
        return False
    try:
        switchboard.sms().send(
            SmsMessage(uuid.uuid4(), phone, text, useful_for_s, wants_receipt=False)
        )
    except (ChannelRefused, ChannelUnavailable) as error:
        log.warning("signin.sms_not_sent", error=str(error))
    return True
