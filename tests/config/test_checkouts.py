"""A form of ours may lead to the checkouts that are connected, and nowhere else."""

from dataclasses import replace
from typing import Any

from keepline.config.checkouts import PAGES, checkout_origins
from keepline.config.demands import PROVIDERS


def test_every_provider_has_its_page() -> None:
    assert PAGES.keys() == PROVIDERS.keys()


def test_only_those_that_are_connected(settings: Any) -> None:
    production = replace(settings.ENV, mode="production")
    assert checkout_origins(production) == []
    stripe = replace(production, stripe_secret_key="sk", paypal_client_id="")
    assert checkout_origins(stripe) == ["https://checkout.stripe.com"]
    alipay = replace(production, alipay_app_id="1", alipay_gateway_url="https://a.example/g.do")
    assert "https://a.example" in checkout_origins(alipay)


def test_the_sandbox_stands_outside_production_alone(settings: Any) -> None:
    there = f"http://localhost:{settings.ENV.provider_port}"
    assert there in checkout_origins(settings.ENV)
    assert there in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"]
