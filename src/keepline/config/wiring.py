"""Which adapter stands at each port of this installation."""

import hashlib

from django.conf import settings

from keepline.catalog import tax_file
from keepline.config.outside import (
    TIMEOUT_S,
    clearing_house_of,
    identity_of,
    network_of,
    own_networks_of,
    own_smdps_of,
    providers_of,
    push_of,
    smdp_plus_of,
    sms_of,
    webhooks_of,
)
from keepline.gateways import switchboard
from keepline.payments import exchange_rates, limits


def connect() -> None:
    """Called once at start. Adapters are made on first use, nothing is connected here."""
    switchboard.announce(settings.ENV.public_url)
    # Without a network production refuses renewals that need one (renew_line), without a way for
    # SMS it refuses sign-in by phone (accounts.phones).
    if not settings.PRODUCTION:
        switchboard.connect("payments:sandbox", _sandbox)
        switchboard.connect("network", _fake_network)
        switchboard.connect("sms", _fake_sms)
    for name, factory in providers_of(settings.ENV).items():
        switchboard.connect(f"payments:{name}", factory)
    if settings.ENV.sms_url:
        switchboard.connect("sms", lambda: sms_of(settings.ENV))
    _connect_elements()
    switchboard.allow_methods(frozenset(settings.ENV.ways_to_pay) or None)
    own_limits = settings.ENV.payment_limits
    limits.put_in_force(limits.read(own_limits) if own_limits else None)
    own_taxes = settings.ENV.taxes
    tax_file.put_in_force(tax_file.read(own_taxes) if own_taxes else None)
    exchange_rates.put_in_force(settings.ENV.exchange_rates or None)
    switchboard.connect("email", _email)
    switchboard.connect("webhooks", lambda: webhooks_of(settings.ENV))
    if settings.ENV.push_key or not settings.PRODUCTION:
        switchboard.connect("push", lambda: push_of(settings.ENV))


def _connect_elements() -> None:
    """What carries lines, moves numbers and checks holders."""
    if settings.ENV.hlr_host:
        switchboard.connect("network", lambda: network_of(settings.ENV))
    if settings.ENV.smdp_url:
        switchboard.connect("smdp_plus", lambda: smdp_plus_of(settings.ENV))
    for carrier, make_network in own_networks_of(settings.ENV).items():
        switchboard.connect_own("network", carrier, make_network)
    for carrier, make_smdp in own_smdps_of(settings.ENV).items():
        switchboard.connect_own("smdp_plus", carrier, make_smdp)
    if settings.ENV.porting_url:
        switchboard.connect("porting", lambda: clearing_house_of(settings.ENV))
    if settings.ENV.identity_url:
        switchboard.connect("identity", lambda: identity_of(settings.ENV))


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
        timeout_s=TIMEOUT_S,
    )


def _fake_network() -> object:
    from keepline.gateways.network.fake import FakeNetwork

    return FakeNetwork(settings.ENV.data / "fake-network.sqlite3")


def _email() -> object:
    url = settings.ENV.email_url
    if url.startswith("smtp"):
        from keepline.gateways.messaging.smtp import SmtpEmail

        return SmtpEmail(url, settings.DEFAULT_FROM_EMAIL, bounces=settings.ENV.bounce_address)
    from keepline.gateways.messaging.files import FileEmail

    return FileEmail(settings.ENV.data / "mail", settings.DEFAULT_FROM_EMAIL)


def _fake_sms() -> object:
    from keepline.gateways.messaging.fake_sms import FakeSms

    return FakeSms(settings.ENV.data / "sms")
