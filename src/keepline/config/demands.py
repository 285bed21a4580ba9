"""What settings must be there together, and what production may not do without."""

from collections.abc import Mapping
from typing import Any

from keepline.config.errors import SettingsError
from keepline.config.values import PREFIX, SECRET_KEY_CHARACTERS

PROVIDERS = {
    "stripe": ("stripe_secret_key", "stripe_webhook_secret"),
    "paypal": ("paypal_client_id", "paypal_client_secret", "paypal_webhook_id"),
    "alipay": ("alipay_app_id", "alipay_private_key", "alipay_public_key"),
}
SMDP = ("smdp_url", "smdp_cert", "smdp_key", "smdp_ca", "smdp_requester")
PORTING = ("porting_url", "porting_key")
IDENTITY = ("identity_url", "identity_key", "identity_secrets")
PORTS = ("port", "provider_port", "smdp_port", "porting_port", "live_port", "identity_port")
SMDP_CALLBACK = ("smdp_callback_secret", "smdp_callback_subject")


def demand_whole_providers(values: Mapping[str, Any]) -> None:
    """Half a provider would take money and not hear of it."""
    for names in (*PROVIDERS.values(), SMDP, SMDP_CALLBACK, PORTING, IDENTITY):
        missing = [name for name in names if not values[name]]
        if missing and len(missing) < len(names):
            wanted = ", ".join(PREFIX + name.upper() for name in missing)
            raise SettingsError(f"{wanted} must be set as well, or none of its provider's.")


def demand_own_ports(values: Mapping[str, Any]) -> None:
    """Each program of ours listens on one of its own."""
    for place, name in enumerate(PORTS):
        if values[name] in [values[before] for before in PORTS[:place]]:
            raise SettingsError(f"{PREFIX}{name.upper()} must differ from the other ports.")


def demand_signed_sms(values: Mapping[str, Any]) -> None:
    """A gateway believes what is signed."""
    if values["sms_url"].startswith("http") and not values["sms_secrets"]:
        raise SettingsError("KEEPLINE_SMS_SECRETS must be set with an SMS gateway by HTTP.")


def demand_for_production(values: Mapping[str, Any]) -> None:
    if len(values["secret_key"]) < SECRET_KEY_CHARACTERS:
        raise SettingsError(
            "KEEPLINE_SECRET_KEY must be set in production, to "
            f"{SECRET_KEY_CHARACTERS} random characters or more."
        )
    if not values["public_url"].startswith("https://"):
        raise SettingsError(
            "KEEPLINE_PUBLIC_URL must be set in production and begin with https://, "
            "because its cookies are sent over TLS only."
        )
    if values["calls_to_loopback"] == "yes":
        raise SettingsError("KEEPLINE_CALLS_TO_LOOPBACK is for trials and refused in production.")
    if values["crash_at"]:
        raise SettingsError("KEEPLINE_CRASH_AT is for tests and refused in production.")
