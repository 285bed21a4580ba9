"""Whoever can sign a webhook of each provider: the provider, a stranger, and the provider for
somebody else's account. And our adapter, which believes the first of them alone."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import uuid4

from standardwebhooks import Webhook as StandardWebhook

from keepline.gateways.payments.alipay.adapter import AlipayPayments
from keepline.gateways.payments.alipay.fake.signing import Signing
from keepline.gateways.payments.alipay.signature import BELIEVED_FOR
from keepline.gateways.payments.alipay.times import written
from keepline.gateways.payments.paypal.adapter import PayPalPayments
from keepline.gateways.payments.paypal.fake.webhooks import Signer as PayPalSigner
from keepline.gateways.payments.paypal.fake.webhooks import body_of
from keepline.gateways.payments.paypal.signature import OLDEST
from keepline.gateways.payments.port import PaymentProvider
from keepline.gateways.payments.sandbox.adapter import SandboxPayments
from keepline.gateways.payments.stripe.adapter import StripePayments
from keepline.payments.models import Payment
from tests.gateways.alipay_process import APP_ID, a_key, private_pem, public_pem
from tests.gateways.sandbox_process import WEBHOOK_SECRET
from tests.gateways.stripe_process import WEBHOOK_SECRET as STRIPE_SECRET

Webhook = tuple[dict[str, str], bytes]
Sign = Callable[[Payment, datetime], Webhook]
NOWHERE: Final = "http://localhost:1"  # nobody is asked when a webhook is verified
FIVE_MINUTES: Final = timedelta(minutes=5)
SHARED_SECRETS: Final = {  # who knows one signs for its account; two accounts have two
    "sandbox": (WEBHOOK_SECRET, "whsec_c3RyYW5nZXI=", "whsec_YW5vdGhlci1hY2NvdW50"),
    "stripe": (STRIPE_SECRET, "whsec_stranger", "whsec_another_account"),
}


@dataclass(frozen=True)
class Signatures:
    """`believed_for`: how old a webhook may be."""

    adapter: PaymentProvider
    provider: Sign
    stranger: Sign
    another_account: Sign
    believed_for: timedelta = FIVE_MINUTES


@cache
def signatures(name: str) -> Signatures:
    """Of the provider of that name."""
    return {"sandbox": _sandbox, "stripe": _stripe, "paypal": _paypal, "alipay": _alipay}[name]()


def _sandbox() -> Signatures:
    def signing(secret: str) -> Sign:
        def sign(payment: Payment, at: datetime) -> Webhook:
            ids = {"payment_id": str(payment.id), "order_id": str(payment.order_id)}
            content = {"type": "payment.captured", "timestamp": at.isoformat(), "data": ids}
            name, body = f"evt_{uuid4().hex}", json.dumps(content)
            headers = {
                "content-type": "application/json",
                "webhook-id": name,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": StandardWebhook(secret).sign(name, at, body),
            }
            return headers, body.encode()

        return sign

    secrets = SHARED_SECRETS["sandbox"]
    return Signatures(SandboxPayments(NOWHERE, "key", secrets[0], 1), *map(signing, secrets))


def _stripe() -> Signatures:
    def signing(secret: str) -> Sign:
        def sign(payment: Payment, at: datetime) -> Webhook:
            ids = {"payment_id": str(payment.id), "order_id": str(payment.order_id)}
            content = {
                "id": f"evt_{uuid4().hex}",
                "type": "checkout.session.completed",
                "created": int(at.timestamp()),
                "data": {"object": {"metadata": ids, "payment_status": "paid"}},
            }
            body, unix_s = json.dumps(content).encode(), int(at.timestamp())
            mac = hmac.new(secret.encode(), f"{unix_s}.".encode() + body, hashlib.sha256)
            header = f"t={unix_s},v1={mac.hexdigest()}"
            return {"content-type": "application/json", "stripe-signature": header}, body

        return sign

    secrets = SHARED_SECRETS["stripe"]
    return Signatures(StripePayments("sk_test", secrets[0], 1, NOWHERE), *map(signing, secrets))


def _paypal() -> Signatures:
    """One key of PayPal's signs for all of its customers: what is signed names their webhook."""
    now = datetime.now().astimezone()
    own = PayPalSigner("1JE4291016473214C", now)
    stranger = PayPalSigner("1JE4291016473214C", now)
    another_account = PayPalSigner("8PT597110X687430L", now)
    another_account._key = own._key

    def signing(signer: PayPalSigner) -> Sign:
        def sign(payment: Payment, at: datetime) -> Webhook:
            ids = {"custom_id": str(payment.id), "invoice_id": str(payment.order_id)}
            body = body_of("PAYMENT.CAPTURE.COMPLETED", ids, at)
            return signer.headers(body, at), body

        return sign

    adapter = PayPalPayments(
        "client",
        "secret",
        own.webhook_id,
        1,
        "sandbox",
        api_base=NOWHERE,
        fetch_certificate=lambda _: own.pem,
    )
    return Signatures(adapter, *map(signing, (own, stranger, another_account)), believed_for=OLDEST)


def _alipay() -> Signatures:
    """Likewise: what is signed names the application."""
    app, alipay, other = a_key(), a_key(), a_key()

    def signing(key: object, app_id: str) -> Sign:
        own = private_pem(key).encode()  # type: ignore[arg-type]
        signer = Signing(own, public_pem(app).encode(), app_id)

        def sign(payment: Payment, at: datetime) -> Webhook:
            body = signer.notification(
                {
                    "notify_id": uuid4().hex,
                    "notify_time": written(at),
                    "out_trade_no": payment.id.hex,
                    "passback_params": payment.order_id.hex,
                    "trade_status": "TRADE_SUCCESS",
                }
            )
            return {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, body

        return sign

    adapter = AlipayPayments(APP_ID, private_pem(app), public_pem(alipay), NOWHERE, 1)
    return Signatures(
        adapter,
        signing(alipay, APP_ID),
        signing(other, APP_ID),
        signing(alipay, "2021000000000001"),
        believed_for=BELIEVED_FOR,
    )
