"""Phone numbers as sign-in keys: E.164, a country code always, able to receive an SMS."""

from typing import Any

import phonenumbers
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from phonenumbers import PhoneNumberType

from keepline.gateways import switchboard

NO_SMS = _("No SMS can be sent here, so no code can reach a mobile number. Use an e-mail address.")
NOT_THERE = _("No SMS can be sent to numbers of this country. Use an e-mail address.")

# VoIP numbers are no second channel (NIST SP 800-63B-4, 3.1.3.3); premium rates invite pumping.
REACHABLE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def parse_phone(text: str) -> str | None:
    """E.164 with +; None when it is no mobile number with its country code."""
    typed = text.strip()
    if typed.startswith("00"):
        typed = "+" + typed[2:]
    if not typed.startswith(("+", "\N{FULLWIDTH PLUS SIGN}")):
        return None
    try:
        number = phonenumbers.parse(typed, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    if phonenumbers.number_type(number) not in REACHABLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def country_of(phone: str) -> str:
    """ISO 3166-1 alpha-2 of a valid number; ZZ when it belongs to none."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(phone, None)) or "ZZ"


def spoken(phone: str) -> str:
    """+8613800138000 -> +86 138 0013 8000."""
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def can_be_texted(phone: str) -> str:
    """`phone` again. Raises ValidationError where no code can reach it: nothing sends SMS here."""
    if not switchboard.has("sms"):
        raise ValidationError(NO_SMS, code="no_sms")
    if not serves(phone):
        raise ValidationError(NOT_THERE, code="no_sms")
    return phone


def serves(phone: str) -> bool:
    """Whether the operator sends SMS to the country of `phone` (E.164)."""
    return not settings.SMS_COUNTRIES or country_of(phone) in settings.SMS_COUNTRIES


class PhoneField(forms.CharField):
    """Takes blanks, dashes and brackets as people write them; cleans to E.164."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Mobile number"))
        kwargs.setdefault("help_text", _("With the country code, such as +86 138 0013 8000"))
        kwargs.setdefault("max_length", 32)
        kwargs["widget"] = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        if not typed:
            return ""
        phone = parse_phone(typed)
        if phone is None:
            raise ValidationError(
                _("Enter a mobile number with its country code, such as +86 138 0013 8000."),
                code="invalid_phone",
            )
        return phone
