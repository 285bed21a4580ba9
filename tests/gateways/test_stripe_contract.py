"""Stripe's adapter keeps the payment contract, through Stripe's own library.

Against FakeStripe always; against Stripe's test mode where KEEPLINE_TEST_STRIPE_SECRET_KEY names
a key of it (docs/providers/stripe.md). Without one, that class is not there at all.
"""

import json
import os
import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from keepline.gateways.payments.port import OpenedPayment, PaymentProvider, PaymentRequest
from keepline.gateways.payments.stripe.adapter import StripePayments
from tests.gateways.contract_payments import Holder, PaymentContract
from tests.gateways.inbox import Inbox
from tests.gateways.stripe_process import StripeProcess, stripe_process

TEST_MODE_KEY = os.environ.get("KEEPLINE_TEST_STRIPE_SECRET_KEY", "")
BY_HAND_S = float(os.environ.get("KEEPLINE_TEST_STRIPE_BY_HAND_S", "0"))
STRIPES_KINDS = {"payment.captured": "checkout.session.completed"}


class FakeHolder:
    """Pays by FakeStripe's control road; declined is a slow method that failed in the end."""

    def __init__(self, fake: StripeProcess, inbox: Inbox) -> None:
        self.fake = fake
        self.inbox = inbox

    def pays(self, payment_id: UUID) -> None:
        self.fake.act(payment_id, "pay")

    def is_declined(self, payment_id: UUID) -> None:
        self.fake.act(payment_id, "begin")
        self.fake.act(payment_id, "decline", code="insufficient_funds")

    def webhook(self, payment_id: UUID, kind: str) -> tuple[dict[str, str], bytes]:
        def fitting(inbox: Inbox) -> list[tuple[dict[str, str], bytes]]:
            read = [(headers, body, json.loads(body)) for headers, body in list(inbox.webhooks)]
            return [
                (headers, body)
                for headers, body, content in read
                if content["type"] == STRIPES_KINDS[kind]
                and content["data"]["object"]["metadata"]["payment_id"] == str(payment_id)
            ]

        self.inbox.wait_for(lambda inbox: bool(fitting(inbox)))
        return fitting(self.inbox)[0]


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory, shared_inbox: Inbox) -> Iterator[StripeProcess]:
    with stripe_process(tmp_path_factory.mktemp("stripe"), shared_inbox.url) as process:
        yield process


class TestStripeContract(PaymentContract):
    stepped_currency = "KWD"

    @pytest.fixture
    def provider(self, fake: StripeProcess) -> PaymentProvider:
        return fake.adapter()

    @pytest.fixture
    def holder(self, fake: StripeProcess, inbox: Inbox) -> Holder:
        return FakeHolder(fake, inbox)


if TEST_MODE_KEY:

    class Remembering(StripePayments):
        """Knows which sessions it opened, for the person who pays by hand."""

        def __init__(self) -> None:
            secret = os.environ.get("KEEPLINE_TEST_STRIPE_WEBHOOK_SECRET", "whsec_none")
            super().__init__(TEST_MODE_KEY, secret, 30)
            self.opened: dict[UUID, OpenedPayment] = {}

        def open_payment(self, request: PaymentRequest) -> OpenedPayment:
            opened = super().open_payment(request)
            self.opened[request.payment_id] = opened
            return opened

    class PersonAtStripesPage:
        """Prints the address and waits for the person to pay; sees no webhooks."""

        def __init__(self, provider: Remembering) -> None:
            self.provider = provider

        def _wait(self, payment_id: UUID, card: str, status: str) -> None:
            opened = self.provider.opened[payment_id]
            print(f"\npay with {card}: {opened.checkout_url}", flush=True)
            until = time.monotonic() + BY_HAND_S
            while self.provider.ask(payment_id, opened.provider_payment_id).status != status:
                assert time.monotonic() < until, "nobody paid"
                time.sleep(3)

        def pays(self, payment_id: UUID) -> None:
            self._wait(payment_id, "4242 4242 4242 4242", "captured")

        def is_declined(self, payment_id: UUID) -> None:
            pytest.skip("Stripe's page stays open after a declined card")

        def webhook(self, payment_id: UUID, kind: str) -> tuple[dict[str, str], bytes]:
            pytest.skip("Stripe does not reach this machine")

    class TestStripeTestMode(PaymentContract):
        @pytest.fixture
        def provider(self) -> PaymentProvider:
            return Remembering()

        @pytest.fixture
        def holder(self, provider: Remembering) -> Holder:
            if not BY_HAND_S:
                pytest.skip("KEEPLINE_TEST_STRIPE_BY_HAND_S says how long to wait for a person")
            return PersonAtStripesPage(provider)
