"""allauth: e-mail or phone with password, codes, TOTP, passkeys, sessions, rate limits."""

import os
from typing import Any

from keepline.config.environment import Environment

_ENV = Environment.read(os.environ)

AUTHENTICATION_BACKENDS = ["keepline.accounts.backend.AuthenticationBackend"]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "keepline.portal.signin_adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email", "phone"}
# Our form asks for one of the two; "email*" keeps the e-mail's verification mandatory.
ACCOUNT_SIGNUP_FIELDS = ["email*", "phone", "password1*"]
ACCOUNT_FORMS = {
    "login": "keepline.portal.signin_forms.LoginForm",
    "signup": "keepline.portal.signin_forms.SignupForm",
    "reset_password": "keepline.portal.signin_forms.ResetPasswordForm",
    "add_email": "keepline.portal.signin_forms.AddEmailForm",
    "reauthenticate": "keepline.portal.signin_forms.ReauthenticateForm",
    "confirm_email_verification_code": "keepline.portal.signin_forms.EmailCodeForm",
    "change_phone": "keepline.portal.signin_forms.ChangePhoneForm",
    "verify_phone": "keepline.portal.signin_forms.PhoneCodeForm",
    "change_password": "keepline.portal.signin_forms.ChangePasswordForm",
    "reset_password_from_key": "keepline.portal.signin_forms.NewPasswordForm",
}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True
# A code is typed where one signs up; it works on any device and no mail scanner can use it up.
# Ten minutes, three tries (NIST SP 800-63B-4, 3.1.3); 8 digits by mail, 6 by SMS with its limits.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": True}
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PHONE_VERIFICATION_TIMEOUT = 600
ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
PASSWORD_RESET_TIMEOUT = 3600

# Counted in the shared cache. "key" is the address or number aimed at; the per-day limits on
# verify_phone are there because each SMS costs money (pumping).
ACCOUNT_RATE_LIMITS: dict[str, Any] = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/300s/key,50/d/key",
    "signup": "10/m/ip,100/d/ip",
    "reset_password": "10/m/ip,3/600s/key",
    "reset_password_from_key": "20/m/ip",
    "confirm_email": "1/10s/key,20/d/key",
    "verify_phone": "1/30s/key,5/d/key,5/m/ip,20/d/ip",
    "change_phone": "5/m/user",
}
# accounts/sms_limits.py; docs/gateways/smpp.md says what each is against.
SMS_PER_NUMBER_IN_TEN_MINUTES = 3
SMS_PER_ADDRESS_AN_HOUR = 30  # many may sign in from behind one
SMS_PER_BLOCK_AN_HOUR = 20
SMS_PER_COUNTRY_AN_HOUR = _ENV.sms_per_country_an_hour
SMS_PER_DAY = _ENV.sms_per_day
SMS_COUNTRIES = frozenset(_ENV.sms_countries)
ALLAUTH_TRUSTED_PROXY_COUNT = _ENV.trusted_proxy_count

MFA_ADAPTER = "keepline.accounts.second_factor.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "keepline.portal.signin_forms.SecondStepForm",
    "reauthenticate": "keepline.portal.signin_forms.SecondStepAgainForm",
    "activate_totp": "keepline.portal.signin_forms.TotpForm",
    "add_webauthn": "keepline.portal.signin_forms.AddPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Keepline"
MFA_TOTP_TOLERANCE = 1  # one step of 30 s either way: phones' clocks differ
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = _ENV.mode != "production"  # http://localhost

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "keepline.accounts.passwords.LengthRule"},
    {"NAME": "keepline.accounts.passwords.GuessingRule"},
]
# What an account may be shown prices in while nothing is on sale; then, what plans are sold in.
CURRENCIES = ["EUR", "USD", "GBP", "CNY", "RUB", "UAH"]
FORM_RENDERER = "keepline.portal.forms.PortalRenderer"
