"""Which adapter stands at each port of this installation."""

import hashlib

from django.conf import settings

from keepline.gateways import switchboard


def connect() -> None:
    """Called once at start. Adapters are made on first use, nothing is connected here."""
    switchboard.announce(settings.ENV.public_url)
    # No network and no carrier for SMS ship: production refuses renewals that need a network
    # (renew_line), and sign-in by phone (accounts.phones).
    if not settings.PRODUCTION:
        switchboard.connect("payments:sandbox", _sandbox)
        switchboard.connect("network", _fake_network)
        switchboard.connect("sms", _fake_sms)
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
        timeout_s=10.0,
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
