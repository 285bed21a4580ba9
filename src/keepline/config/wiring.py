"""Which adapter stands at each port of this installation."""

import hashlib

from django.conf import settings

from keepline.catalog import tax_file
from keepline.config.demands import PROVIDERS
from keepline.config.networks import network_of
from keepline.core.lifecycle.profile import ProfileEvent
from keepline.gateways import switchboard
from keepline.payments import exchange_rates, limits

PROVIDER_TIMEOUT_S = 10.0
SMDP_TIMEOUT_S = 10.0


def connect() -> None:
    """Called once at start. Adapters are made on first use, nothing is connected here."""
    switchboard.announce(settings.ENV.public_url)
    # Without a network production refuses renewals that need one (renew_line). No carrier for SMS
    # ships: it refuses sign-in by phone (accounts.phones).
    if not settings.PRODUCTION:
        switchboard.connect("payments:sandbox", _sandbox)
        switchboard.connect("network", _fake_network)
        switchboard.connect("sms", _fake_sms)
    for name, factory in (("stripe", _stripe), ("paypal", _paypal), ("alipay", _alipay)):
        if getattr(settings.ENV, PROVIDERS[name][0]):
            switchboard.connect(f"payments:{name}", factory)
    if settings.ENV.hlr_host:
        switchboard.connect("network", lambda: network_of(settings.ENV))
    if settings.ENV.smdp_url:
        switchboard.connect("smdp_plus", _smdp_plus)
    switchboard.allow_methods(frozenset(settings.ENV.ways_to_pay) or None)
    own_limits = settings.ENV.payment_limits
    limits.put_in_force(limits.read(own_limits) if own_limits else None)
    own_taxes = settings.ENV.taxes
    tax_file.put_in_force(tax_file.read(own_taxes) if own_taxes else None)
    exchange_rates.put_in_force(settings.ENV.exchange_rates or None)
    switchboard.connect("email", _email)


def sandbox_secret(purpose: str) -> str:
    """The sandbox's key and webhook secret: from the installation's own secret, for both sides."""
    seed = f"{settings.SECRET_KEY}:sandbox:{purpose}".encode()
    return hashlib.sha256(seed).hexdigest()


def _sandbox() -> object:
    from keepline.gateways.payments.sandbox.adapter import SandboxPayments

    return SandboxPayments(
        base_url=f"http://localhost:{settings.ENV.provider_port}",
        api_key=sandbox_secret("api"),
        webhook_secret=sandbox_secret("webhook"),
        timeout_s=PROVIDER_TIMEOUT_S,
    )


def _stripe() -> object:
    from keepline.gateways.payments.stripe.adapter import StripePayments

    env = settings.ENV
    return StripePayments(env.stripe_secret_key, env.stripe_webhook_secret, PROVIDER_TIMEOUT_S)


def _paypal() -> object:
    from keepline.gateways.payments.paypal.adapter import PayPalPayments

    env = settings.ENV
    return PayPalPayments(
        env.paypal_client_id,
        env.paypal_client_secret,
        env.paypal_webhook_id,
        PROVIDER_TIMEOUT_S,
        env.paypal_environment,  # type: ignore[arg-type]  # parsed as one of its words
    )


def _alipay() -> object:
    from keepline.gateways.payments.alipay.adapter import AlipayPayments

    env = settings.ENV
    return AlipayPayments(
        app_id=env.alipay_app_id,
        app_private_key=env.alipay_private_key.read_text(encoding="ascii"),
        alipay_public_key=env.alipay_public_key.read_text(encoding="ascii"),
        notify_url=f"{env.public_url}/webhooks/payments/alipay/",
        timeout_s=PROVIDER_TIMEOUT_S,
        gateway_url=env.alipay_gateway_url,
    )


def _smdp_plus() -> object:
    from keepline.gateways.esim.es2plus.adapter import Es2PlusSmdp
    from keepline.gateways.esim.es2plus.tls import mutual_tls

    env = settings.ENV
    return Es2PlusSmdp(
        url=env.smdp_url,
        requester=env.smdp_requester,
        tls=mutual_tls(env.smdp_cert, env.smdp_key, env.smdp_ca),
        timeout_s=SMDP_TIMEOUT_S,
        own_points={point: ProfileEvent(event) for point, event in env.smdp_points},
    )


def _fake_network() -> object:
    from keepline.gateways.network.fake import FakeNetwork

    return FakeNetwork(settings.ENV.data / "fake-network.sqlite3")


def _email() -> object:
    url = settings.ENV.email_url
    if url.startswith("smtp"):
        from keepline.gateways.messaging.smtp import SmtpEmail

        return SmtpEmail(url, settings.DEFAULT_FROM_EMAIL)
    from keepline.gateways.messaging.files import FileEmail

    return FileEmail(settings.ENV.data / "mail", settings.DEFAULT_FROM_EMAIL)


def _fake_sms() -> object:
    from keepline.gateways.messaging.fake_sms import FakeSms

    return FakeSms(settings.ENV.data / "sms")
