"""How an adapter is pointed at the fake: its address, and the road to its certificate."""

import os
from urllib.parse import urlsplit

import httpx

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.payments.paypal.adapter import PayPalPayments
from keepline.gateways.payments.sandbox.mode import refuse_in_production


def fake_paypal(
    url: str, client_id: str, client_secret: str, webhook_id: str, timeout_s: float
) -> PayPalPayments:
    """The real adapter beside a fake PayPal at `url`. Raises SandboxForbidden in production."""
    refuse_in_production(os.environ)

    def fetch(place: str) -> bytes:
        try:
            answer = httpx.get(url + urlsplit(place).path, timeout=timeout_s, **LOOPBACK)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise OSError(type(error).__name__) from error
        return answer.content

    return PayPalPayments(
        client_id,
        client_secret,
        webhook_id,
        timeout_s,
        "sandbox",
        api_base=url,
        fetch_certificate=fetch,
    )
