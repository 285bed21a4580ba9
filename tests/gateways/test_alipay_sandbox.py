"""Alipay's own sandbox keeps the payment contract; runs only with keys in the environment.

KEEPLINE_TEST_ALIPAY_APP_ID, _APP_PRIVATE_KEY and _PUBLIC_KEY; a person with the sandbox wallet
acts at the pages. docs/providers/alipay.md tells how.
"""

import os
import time
from uuid import UUID

import pytest

from keepline.gateways.payments.port import OpenedPayment, PaymentProvider
from tests.gateways.alipay_process import Remembering
from tests.gateways.contract_payments import Holder
from tests.gateways.test_alipay_contract import AlipayContract

GATEWAY = "https://openapi-sandbox.dl.alipaydev.com/gateway.do"
NAMES = [f"KEEPLINE_TEST_ALIPAY_{word}" for word in ("APP_ID", "APP_PRIVATE_KEY", "PUBLIC_KEY")]
PATIENCE_S = 300


def wait_for_a_person(provider: PaymentProvider, address: str, payment: UUID, until: str) -> None:
    """Shows the address until Alipay tells that the person did there what was asked."""
    what = {"pending": "log in and do not pay", "captured": "pay"}[until]
    print(f"\n{what}: {address}\n")
    deadline = time.monotonic() + PATIENCE_S
    while provider.ask(payment, None).status != until:
        assert time.monotonic() < deadline, "nobody came"
        time.sleep(3)


class Person:
    """The holder, played by whoever runs the test with `-s`."""

    def __init__(self, provider: Remembering) -> None:
        self.provider = provider

    def pays(self, payment_id: UUID) -> None:
        address = self.provider.addresses[payment_id]
        wait_for_a_person(self.provider, address, payment_id, "captured")

    def is_declined(self, payment_id: UUID) -> None:
        address = self.provider.addresses[payment_id]
        wait_for_a_person(self.provider, address, payment_id, "pending")

    def webhook(self, payment_id: UUID, kind: str) -> tuple[dict[str, str], bytes]:
        raise AssertionError("Alipay cannot reach this machine")


class TestAlipaySandbox(AlipayContract):
    __test__ = all(name in os.environ for name in NAMES)
    # For these Alipay would have to reach this machine.
    test_webhook_names_payment_and_order = None  # type: ignore[assignment]
    test_forged_webhook_is_not_believed = None  # type: ignore[assignment]

    @pytest.fixture
    def provider(self) -> PaymentProvider:
        app_id, own_key, alipays_key = (os.environ[name] for name in NAMES)
        return Remembering(app_id, own_key, alipays_key, "https://example.com/", 20, GATEWAY)

    @pytest.fixture
    def holder(self, provider: Remembering) -> Holder:
        return Person(provider)

    def visits(self, provider: PaymentProvider, opened: OpenedPayment) -> None:
        payment_id = UUID(opened.provider_payment_id)
        wait_for_a_person(provider, opened.checkout_url, payment_id, "pending")
