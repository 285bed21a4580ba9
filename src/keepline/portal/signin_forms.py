"""The forms of sign-up, sign-in and reset: one field for e-mail or number, labels above."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.account.internal import flows as allauth_flows
from allauth.core import context
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from keepline.accounts.models import User
from keepline.accounts.phones import can_be_texted, parse_phone
from keepline.flows.list_currencies import list_currencies
from keepline.flows.open_account import open_account
from keepline.portal import guesses


class PlainWidgets:
    """A placeholder vanishes as soon as one types; the label above says what goes in."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        for name in ("email", "new_email"):
            if name in self.fields:
                self.fields[name].label = _("E-mail")
        if "password1" in self.fields:
            self.fields["password1"].help_text = _(
                "At least 15 characters, any you like. Four or five random words do well."
            )
        if "code" in self.fields:
            self.fields["code"].label = _("Code")
            self.fields["code"].widget.attrs["inputmode"] = "numeric"


class LoginForm(PlainWidgets, allauth_forms.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail or mobile number")
        self.fields["login"].widget.attrs.update(
            autocomplete="username webauthn", inputmode="email"
        )
        self.fields["password"].help_text = ""  # the way to a new password stands under the form

    def clean_login(self) -> str:
        typed: str = super().clean_login()
        return parse_phone(typed) or typed.lower()


class SignupForm(PlainWidgets, allauth_forms.SignupForm):  # type: ignore[misc]
    """By e-mail or by phone: `by` says which, a link on the page changes it."""

    account_already_exists: bool

    by = forms.ChoiceField(choices=[("email", ""), ("phone", "")], widget=forms.HiddenInput)
    time_zone = forms.CharField(
        required=False,
        max_length=64,
        widget=forms.HiddenInput(attrs={"data-time-zone": ""}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = self.data.get("by") or context.request.GET.get("by")
        self.way = "phone" if asked == "phone" else "email"
        self.fields["by"].initial = self.way
        del self.fields["email" if self.way == "phone" else "phone"]
        if self.way == "phone":
            self.fields["phone"].required = True
            self.fields["phone"].label = _("Mobile number")

    def clean_phone(self) -> str:
        return can_be_texted(self.cleaned_data["phone"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        cleaned.setdefault("email", "")
        cleaned.setdefault("phone", "")
        return cleaned

    def try_save(self, request: HttpRequest) -> tuple[AbstractBaseUser | None, Any]:
        if self.account_already_exists:
            # As slow as the real thing, or the clock would tell that the address is known.
            User().set_password(self.cleaned_data["password1"])
        try:
            saved: tuple[AbstractBaseUser | None, Any] = super().try_save(request)
        except IntegrityError:  # the same address, signed up in this very moment
            self.account_already_exists = True
            saved = super().try_save(request)
        return saved

    @transaction.atomic
    def save(self, request: HttpRequest) -> AbstractBaseUser:
        user: User = super().save(request)
        user.language = translation.get_language() or "en"
        user.time_zone = guesses.time_zone(self.cleaned_data.get("time_zone", ""))
        user.save(update_fields=["language", "time_zone"])
        now = timezone.now()
        money = guesses.currency(list_currencies(now), user.time_zone, user.phone or "")
        open_account(user, money, user.language, user.time_zone, now)
        return user


class ResetPasswordForm(forms.Form):
    """E-mail gets a link, a mobile number a code. `cleaned_data["email"]` is whichever it was."""

    email = forms.CharField(
        label=_("E-mail or mobile number"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "inputmode": "email"}),
    )
    users: list[User]

    def clean_email(self) -> str:
        typed = self.cleaned_data["email"].strip()
        self.phone = parse_phone(typed)
        if self.phone:
            return can_be_texted(self.phone)
        try:
            validate_email(typed)
        except ValidationError as error:
            raise ValidationError(
                _("Enter an e-mail address, or a mobile number with its country code."),
                code="invalid",
            ) from error
        return get_adapter().clean_email(typed.lower())  # type: ignore[no-any-return]

    def save(self, request: HttpRequest) -> str:
        """Mails the link. A phone is the view's matter (portal/phone_reset.py)."""
        email: str = self.cleaned_data["email"]
        users = allauth_forms.filter_users_by_email(
            email, is_active=True, prefer_verified=True, for_login=True
        )
        tokens = allauth_forms.default_token_generator
        allauth_flows.password_reset.request_password_reset(request, email, users, tokens)
        return email


class NewPasswordForm(PlainWidgets, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """Typed once: it can be shown, and a second field is copied blindly."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]


class ChangePasswordForm(PlainWidgets, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        self.fields["oldpassword"].help_text = ""


class ChangePhoneForm(PlainWidgets, allauth_forms.ChangePhoneForm):  # type: ignore[misc]
    def clean_phone(self) -> str:
        can_be_texted(self.cleaned_data["phone"])
        phone: str = super().clean_phone()
        return phone


class AddEmailForm(PlainWidgets, allauth_forms.AddEmailForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(PlainWidgets, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class EmailCodeForm(PlainWidgets, allauth_forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    pass


class PhoneCodeForm(PlainWidgets, allauth_forms.VerifyPhoneForm):  # type: ignore[misc]
    pass


class AddPasskeyForm(PlainWidgets, webauthn_forms.AddWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")
        self.fields["name"].initial = ""
        self.initial["name"] = _("My passkey")
        self.fields["passwordless"].label = _("It opens the account without a password")
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = _(
            "Off: it is only a second step, as for older security keys."
        )


class TotpForm(PlainWidgets, totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    pass


class SecondStepForm(PlainWidgets, mfa_forms.AuthenticateForm):  # type: ignore[misc]
    """App code (digits) or recovery code."""


class SecondStepAgainForm(PlainWidgets, mfa_forms.ReauthenticateForm):  # type: ignore[misc]
    pass
