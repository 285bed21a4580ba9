"""The adapter, through PayPal's own SDK, keeps the payment contract beside the fake.

With KEEPLINE_TEST_PAYPAL_CLIENT_ID, _SECRET and _WEBHOOK_ID set, the part that needs no holder
also runs at PayPal's sandbox; without them those tests are not collected. docs/providers/paypal.md
"""

import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from keepline.gateways.payments.paypal.adapter import PayPalPayments, SdkMissing
from keepline.gateways.payments.port import PaymentProvider
from tests.gateways.contract_payments import Holder, PaymentContract
from tests.gateways.paypal_process import PayPalProcess, paypal_process

KINDS = {"payment.captured": "PAYMENT.CAPTURE.COMPLETED"}
KEYS = [f"KEEPLINE_TEST_PAYPAL_{name}" for name in ("CLIENT_ID", "SECRET", "WEBHOOK_ID")]


@pytest.fixture(scope="module")
def paypal() -> Iterator[PayPalProcess]:
    with paypal_process() as process:
        yield process


class PayPalHolder:
    """Agrees at PayPal; then the worker asks, as it does when CHECKOUT.ORDER.APPROVED comes."""

    def __init__(self, paypal: PayPalProcess, provider: PaymentProvider) -> None:
        self.paypal = paypal
        self.provider = provider

    def _agrees(self, payment_id: UUID, capture: str) -> None:
        self.paypal.approves(payment_id, capture)
        self.provider.ask(payment_id, self.paypal.order(payment_id)["id"])

    def pays(self, payment_id: UUID) -> None:
        self._agrees(payment_id, "COMPLETED")

    def is_declined(self, payment_id: UUID) -> None:
        self._agrees(payment_id, "DECLINED")

    def webhook(self, payment_id: UUID, kind: str) -> tuple[dict[str, str], bytes]:
        return self.paypal.webhooks(payment_id, KINDS[kind])[0]


class PayPalContract(PaymentContract):
    currency = "SGD"
    stepped_currency = "HUF"
    lists_unpaid = False
    amount_in_webhook = b"19.99"
    webhook_believed_for = timedelta(days=3, hours=1)


class TestPayPalContract(PayPalContract):
    @pytest.fixture
    def provider(self, paypal: PayPalProcess) -> PaymentProvider:
        return paypal.adapter()

    @pytest.fixture
    def holder(self, paypal: PayPalProcess, provider: PaymentProvider) -> Holder:
        return PayPalHolder(paypal, provider)


class TestPayPalsOwnSandbox(PayPalContract):
    """What needs no holder: opening, its repeats, closing, refusals."""

    __test__ = all(key in os.environ for key in KEYS)

    @pytest.fixture(scope="class")
    def provider(self) -> PaymentProvider:
        client_id, secret, webhook_id = (os.environ[key] for key in KEYS)
        return PayPalPayments(client_id, secret, webhook_id, 30, "sandbox")

    @pytest.fixture
    def holder(self) -> Holder:
        pytest.skip("needs a person at PayPal's page")


def test_without_the_library_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "keepline.gateways.payments.paypal.sdk", raising=False)
    monkeypatch.setitem(sys.modules, "paypalserversdk.configuration", None)
    with pytest.raises(SdkMissing, match=r"pip install keepline\[paypal\]"):
        PayPalPayments("id", "secret", "webhook", 1)
