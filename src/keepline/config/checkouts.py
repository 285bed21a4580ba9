"""Where the checkouts of providers stand, for the browser's policy (form-action)."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from keepline.config.demands import PROVIDERS
from keepline.config.environment import Environment

# Browsers hold every redirect that follows a form to it, the provider's own among its hosts too.
PAGES: Final = {
    "stripe": ("https://checkout.stripe.com",),
    "paypal": ("https://*.paypal.com",),
    "alipay": ("https://*.alipay.com", "https://*.alipaydev.com"),  # the second is its sandbox's
}


def checkout_origins(env: Environment) -> Sequence[str]:
    """The origins to which a form of ours may lead: those of the providers that are connected."""
    connected = [name for name, settings in PROVIDERS.items() if getattr(env, settings[0])]
    found = [origin for name in connected for origin in PAGES[name]]
    if "alipay" in connected:
        gateway = urlsplit(env.alipay_gateway_url)
        found.append(f"{gateway.scheme}://{gateway.netloc}")
    if env.mode != "production":
        found.append(f"http://localhost:{env.provider_port}")
    return found
