"""The adapter's reading and refunding against localstripe, a Stripe written by somebody else.

localstripe (PyPI, for tests only) is a second opinion on Stripe's shapes, by a real server and the
real library. It has no Checkout, so the payment is made the older way, by a payment intent. It
ignores idempotency keys, lets refunds exceed the charge, sends no webhooks of refunds and each
webhook once. All of that is tested against FakeStripe instead.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.payments.port import ProviderRefused, ProviderUnknown
from keepline.gateways.payments.stripe.adapter import StripePayments
from keepline.gateways.payments.stripe.sdk import asking
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.inbox import Inbox
from tests.gateways.sandbox_process import free_port

SECRET_KEY, WEBHOOK_SECRET = "sk_test_local", "whsec_local"
# Its own main serves every interface, and its store writes a file into /tmp at each change.
PROGRAM = """
import sys
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda self: None
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


@dataclass
class Local:
    """A running localstripe."""

    url: str

    def post(self, path: str, data: dict[str, str]) -> dict[str, Any]:
        key = {"authorization": f"Bearer {SECRET_KEY}"}
        answer = httpx.post(self.url + path, data=data, headers=key, **LOOPBACK)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json() if answer.content else {}
        return content

    def paid_intent(self, metadata: dict[str, str]) -> str:
        """An intent of 19.99 EUR, paid with a card."""
        card = {"type": "card", "card[number]": "4242424242424242", "card[cvc]": "123"}
        card |= {"card[exp_month]": "12", "card[exp_year]": "2035"}
        method = self.post("/v1/payment_methods", card)["id"]
        customer = self.post("/v1/customers", {"email": "alice@example.com"})["id"]
        self.post(f"/v1/payment_methods/{method}/attach", {"customer": customer})
        content = {"amount": "1999", "currency": "eur", "confirm": "true"}
        content |= {"customer": customer, "payment_method": method}
        content |= {f"metadata[{name}]": value for name, value in metadata.items()}
        intent = self.post("/v1/payment_intents", content)
        assert intent["status"] == "succeeded"
        return str(intent["id"])


@pytest.fixture(scope="module")
def local() -> Iterator[Local]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)])
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 20
    try:
        while True:
            assert process.poll() is None, "localstripe ended while starting"
            try:
                httpx.get(url, **LOOPBACK)
                break
            except httpx.TransportError:
                assert time.monotonic() < until, "localstripe does not start"
                time.sleep(0.05)
        yield Local(url)
    finally:
        process.kill()
        process.wait(20)


@pytest.fixture
def stripe(local: Local) -> StripePayments:
    return StripePayments(SECRET_KEY, WEBHOOK_SECRET, 5, api_base=local.url)


def test_refund_of_a_paid_intent(local: Local, stripe: StripePayments) -> None:
    intent = local.paid_intent({})
    refund = a_refund(a_request(), "", 500)
    status = stripe._make_refund(refund, intent, 500)
    assert (status.refund_id, status.status) == (refund.refund_id, "refunded")
    assert (status.amount_minor, status.code) == (500, "")


def test_refunds_of_a_charge_carry_our_ids(local: Local, stripe: StripePayments) -> None:
    intent = local.paid_intent({})
    refunds = [a_refund(a_request(), "", 10 + n) for n in range(3)]
    for refund in refunds:
        stripe._make_refund(refund, intent, refund.amount_minor)
    with asking():
        charge = stripe._stripe.payment_intents.retrieve(intent).to_dict()["latest_charge"]
        rows = stripe._stripe.refunds.list({"charge": charge["id"], "limit": 100}).to_dict()["data"]
    wanted = {str(refund.refund_id) for refund in refunds}
    assert wanted <= {row["metadata"]["refund_id"] for row in rows}


def test_refund_of_an_unknown_intent_is_refused(stripe: StripePayments) -> None:
    with pytest.raises(ProviderRefused):
        stripe._make_refund(a_refund(a_request(), "", 1), "pi_nowhere", 1)


def test_a_404_that_is_not_stripes_is_no_answer(stripe: StripePayments) -> None:
    """Its 404 is aiohttp's own page: not Stripe's words, so it is not believed as a no."""
    with pytest.raises(ProviderUnknown):
        stripe.open_payment(a_request())


def test_its_webhook_is_believed(local: Local, stripe: StripePayments, inbox: Inbox) -> None:
    payment_id, order_id = uuid4(), uuid4()
    local.post("/_config/webhooks/one", {"url": inbox.url, "secret": WEBHOOK_SECRET})
    local.paid_intent({"payment_id": str(payment_id), "order_id": str(order_id)})

    def ours() -> list[tuple[dict[str, str], bytes]]:
        return [
            (headers, body)
            for headers, body in list(inbox.webhooks)
            if json.loads(body)["type"] == "payment_intent.succeeded"
            and json.loads(body)["data"]["object"]["metadata"].get("payment_id") == str(payment_id)
        ]

    inbox.wait_for(lambda _: bool(ours()))
    event = stripe.verify_webhook(*ours()[0], datetime.now(UTC))
    assert event.kind == "payment_intent.succeeded"
    assert (event.payment_id, event.order_id) == (payment_id, order_id)
