"""The four providers as real processes, by one set of words: who pays there, what goes wrong there.

Each provider has its own road to a payment (a page, an approval, a button) and its own bad days.
Tests that must hold for every adapter speak these words, and learn nothing of the rest.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import pytest
from _pytest.mark import ParameterSet

from keepline.gateways import switchboard
from keepline.gateways.payments.paypal.fake.place import fake_paypal
from keepline.gateways.payments.port import (
    OpenedPayment,
    PaymentProvider,
    PaymentRequest,
    ProviderRefused,
)
from keepline.gateways.payments.sandbox.adapter import SandboxPayments
from keepline.gateways.payments.stripe.adapter import StripePayments
from tests.gateways.alipay_process import AlipayProcess, Remembering, alipay_process
from tests.gateways.inbox import Inbox
from tests.gateways.paypal_process import (
    CLIENT_ID,
    SECRET,
    WEBHOOK_ID,
    PayPalProcess,
    paypal_process,
)
from tests.gateways.sandbox_process import API_KEY, SandboxProcess, sandbox_process
from tests.gateways.sandbox_process import WEBHOOK_SECRET as SANDBOX_SECRET
from tests.gateways.stripe_process import SECRET_KEY, StripeProcess, stripe_process
from tests.gateways.stripe_process import WEBHOOK_SECRET as STRIPE_SECRET

Webhook = tuple[dict[str, str], bytes]

# None, two and three digits behind the point, where payments/ways_to_pay.toml has them. PayPal
# takes no dinar; the forint has two digits in ISO 4217 and none at PayPal. Alipay takes yuan only.
CURRENCIES: Final = {
    "sandbox": ("EUR", "JPY", "KWD"),
    "stripe": ("EUR", "JPY", "KWD"),
    "paypal": ("EUR", "JPY", "HUF"),
    "alipay": ("CNY",),
}
ALWAYS: Final = 9  # times: more often than one story asks


class Asked(Protocol):
    """What a till has to know of a payment (payments.models.Payment)."""

    id: UUID
    checkout_url: str
    provider_payment_id: str | None


class Till(Protocol):
    """One provider. A bad day ends with `good_day`."""

    @property
    def name(self) -> str: ...
    @property
    def declines_for_good(self) -> bool:
        """False: a declined holder may try again, until the checkout is over."""
        ...

    @property
    def takes_by_itself(self) -> bool:
        """False: the holder agrees, and money moves when Keepline asks; after an hour it will not
        be asked for any more."""
        ...

    def adapter(self) -> PaymentProvider: ...
    def adapter_at(self, url: str, timeout_s: float) -> PaymentProvider:
        """The adapter for a provider that should be there."""
        ...

    def pays(self, payment: Asked) -> None: ...
    def is_declined(self, payment: Asked) -> None: ...
    def webhooks(self, payment: Asked) -> list[Webhook]:
        """Those of the payment that came so far, oldest first."""
        ...

    def loses_an_opening(self, payment: Asked) -> None:
        """The next opening is carried out, and its answer is lost."""
        ...

    def fails_to_answer(self, payment: Asked) -> None:
        """The next question about the payment ends with a 500."""
        ...

    def keeps_the_money(self, payment: Asked) -> None:
        """Refunds are refused."""
        ...

    def refuses_openings(self) -> AbstractContextManager[None]: ...
    def good_day(self) -> None: ...


@contextmanager
def another_adapter(name: str, adapter: Callable[[], PaymentProvider]) -> Iterator[None]:
    """Within, flows find another adapter at the provider's port."""
    before = switchboard._factories[f"payments:{name}"]
    switchboard.connect(f"payments:{name}", adapter)
    try:
        yield
    finally:
        switchboard.connect(f"payments:{name}", before)


@dataclass
class SandboxTill:
    """The shipped sandbox."""

    process: SandboxProcess
    inbox: Inbox
    name = "sandbox"
    declines_for_good = True
    takes_by_itself = True

    def adapter(self) -> PaymentProvider:
        return self.process.adapter()

    def adapter_at(self, url: str, timeout_s: float) -> PaymentProvider:
        return SandboxPayments(url, API_KEY, SANDBOX_SECRET, timeout_s)

    def pays(self, payment: Asked) -> None:
        self.process.simulate(payment.id, "captured")

    def is_declined(self, payment: Asked) -> None:
        self.process.simulate(payment.id, "declined")

    def webhooks(self, payment: Asked) -> list[Webhook]:
        return about(self.inbox, str(payment.id))

    def loses_an_opening(self, payment: Asked) -> None:
        del payment
        self.process.behave(api="answer_lost", api_on="open", api_times=1)

    def fails_to_answer(self, payment: Asked) -> None:
        self.process.behave(payment.id, api="error_500", api_on="ask", api_times=1)

    def keeps_the_money(self, payment: Asked) -> None:
        self.process.behave(payment.id, refund="refused")

    @contextmanager
    def refuses_openings(self) -> Iterator[None]:
        """Our address is none."""
        before = switchboard.public_url()
        switchboard.announce("nowhere")
        try:
            yield
        finally:
            switchboard.announce(before)

    def good_day(self) -> None:
        self.process.call("DELETE", "/control/behaviour").raise_for_status()


class RefusingStripe(StripePayments):
    """Stripe's least amounts have grown since payments/ways_to_pay.toml was written; FakeStripe has
    none. So this no is made here."""

    def open_payment(self, request: PaymentRequest) -> OpenedPayment:
        raise ProviderRefused("amount_too_small", str(request.payment_id))


@dataclass
class StripeTill:
    """FakeStripe, by Stripe's own library."""

    process: StripeProcess
    inbox: Inbox
    name = "stripe"
    declines_for_good = True
    takes_by_itself = True

    def adapter(self) -> PaymentProvider:
        return self.process.adapter()

    def adapter_at(self, url: str, timeout_s: float) -> PaymentProvider:
        return StripePayments(SECRET_KEY, STRIPE_SECRET, timeout_s, api_base=url)

    def pays(self, payment: Asked) -> None:
        self.process.act(payment.id, "pay")

    def is_declined(self, payment: Asked) -> None:
        """A slow method that fails in the end; a card's holder may try again."""
        self.process.act(payment.id, "begin")
        self.process.act(payment.id, "decline", code="insufficient_funds")

    def webhooks(self, payment: Asked) -> list[Webhook]:
        return about(self.inbox, str(payment.id))

    def loses_an_opening(self, payment: Asked) -> None:
        del payment
        self.process.order_fault("answer_lost", "POST")

    def fails_to_answer(self, payment: Asked) -> None:
        del payment
        self.process.order_fault("error_500", "GET")

    def keeps_the_money(self, payment: Asked) -> None:
        del payment
        self.process.order_fault("refund_failed", "POST", ALWAYS)

    @contextmanager
    def refuses_openings(self) -> Iterator[None]:
        refusing = RefusingStripe(SECRET_KEY, STRIPE_SECRET, 5, api_base=self.process.url)
        with another_adapter("stripe", lambda: refusing):
            yield

    def good_day(self) -> None:
        self.process.call("PUT", "/control/fault", json={})


@dataclass
class PayPalTill:
    """The fake PayPal, by PayPal's own library. It keeps its webhooks for whoever asks."""

    process: PayPalProcess
    name = "paypal"
    declines_for_good = True
    takes_by_itself = False

    def adapter(self) -> PaymentProvider:
        return self.process.adapter()

    def adapter_at(self, url: str, timeout_s: float) -> PaymentProvider:
        return fake_paypal(url, CLIENT_ID, SECRET, WEBHOOK_ID, timeout_s)

    def pays(self, payment: Asked) -> None:
        """The holder agrees; money moves when Keepline asks."""
        self.process.approves(payment.id)

    def is_declined(self, payment: Asked) -> None:
        self.process.approves(payment.id, "DECLINED")

    def webhooks(self, payment: Asked) -> list[Webhook]:
        return self.process.webhooks(payment.id, "CHECKOUT.ORDER.APPROVED")

    def loses_an_opening(self, payment: Asked) -> None:
        del payment
        self.process.fails_once("/v2/checkout/orders", "lose", method="POST")

    def fails_to_answer(self, payment: Asked) -> None:
        path = f"/v2/checkout/orders/{payment.provider_payment_id}"
        self.process.fails_once(path, "answer", method="GET", status=500, text="")

    def keeps_the_money(self, payment: Asked) -> None:
        del payment
        no = {"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": "REFUND_NOT_PERMITTED"}]}
        for _ in range(ALWAYS):
            self.process.fails_once("/refund", "answer", status=422, text=json.dumps(no))

    @contextmanager
    def refuses_openings(self) -> Iterator[None]:
        """The app's secret was withdrawn."""
        with another_adapter("paypal", lambda: self.process.adapter(secret="gone")):
            yield

    def good_day(self) -> None:
        self.process.control("heal")


class RefusingAlipay(Remembering):
    """Alipay's adapter refuses by itself only what the table of ways to pay never lets through, and
    Alipay says no to nobody before the holder comes. So this no is made here."""

    def open_payment(self, request: PaymentRequest) -> OpenedPayment:
        raise ProviderRefused("currency_not_offered", str(request.payment_id))


@dataclass
class AlipayTill:
    """FakeAlipay."""

    process: AlipayProcess
    inbox: Inbox
    name = "alipay"
    declines_for_good = False
    takes_by_itself = True

    def adapter(self) -> PaymentProvider:
        return self.process.adapter()

    def adapter_at(self, url: str, timeout_s: float) -> PaymentProvider:
        return self.process.adapter(timeout_s, gateway_url=f"{url}/gateway.do")

    def pays(self, payment: Asked) -> None:
        self.process.visit(payment.checkout_url)
        self.process.control("POST", f"/pay/{payment.id.hex}")

    def is_declined(self, payment: Asked) -> None:
        """Alipay tells the holder alone; the trade goes on waiting."""
        self.process.visit(payment.checkout_url)

    def webhooks(self, payment: Asked) -> list[Webhook]:
        return about(self.inbox, payment.id.hex)

    def loses_an_opening(self, payment: Asked) -> None:
        """An opening asks Alipay one thing: whether it knows the payment."""
        del payment
        self.process.fault("alipay.trade.query", "answer_lost")

    def fails_to_answer(self, payment: Asked) -> None:
        del payment
        self.process.fault("alipay.trade.query", "error_500")

    def keeps_the_money(self, payment: Asked) -> None:
        del payment
        self.process.fault("alipay.trade.refund", "refused", ALWAYS)

    @contextmanager
    def refuses_openings(self) -> Iterator[None]:
        refusing = self.process.adapter(of=RefusingAlipay)
        with another_adapter("alipay", lambda: refusing):
            yield

    def good_day(self) -> None:
        self.process.fault("nothing", "error_500")


def about(inbox: Inbox, word: str) -> list[Webhook]:
    """Webhooks whose body has the word."""
    return [one for one in list(inbox.webhooks) if word.encode() in one[1]]


def opened_till(name: str, folder: Path, inbox: Inbox, stack: ExitStack) -> Till:
    """The provider's process, running until the stack is closed."""
    hook = f"{inbox.url}/hook"
    if name == "stripe":
        return StripeTill(stack.enter_context(stripe_process(folder, hook)), inbox)
    if name == "paypal":
        return PayPalTill(stack.enter_context(paypal_process()))
    if name == "alipay":
        return AlipayTill(stack.enter_context(alipay_process(folder, hook)), inbox)
    return SandboxTill(stack.enter_context(sandbox_process(folder, hook)), inbox)


@pytest.fixture(scope="module")
def tills(
    tmp_path_factory: pytest.TempPathFactory, shared_inbox: Inbox
) -> Iterator[Callable[[str], Till]]:
    """The till of a name; its process is started when it is first asked for."""
    with ExitStack() as stack:

        @cache
        def till(name: str) -> Till:
            return opened_till(name, tmp_path_factory.mktemp(name), shared_inbox, stack)

        yield till


def meetings(
    words: Sequence[str], names: Mapping[str, tuple[str, ...]] = CURRENCIES
) -> list[ParameterSet]:
    """Every provider with every word, its currencies in turn: so each meets every word, and has
    every currency, without a run for each pair of them."""
    return [
        pytest.param(name, currency, word, id=f"{name}-{currency}-{word}")
        for name, currencies in names.items()
        for currency, word in zip(cycle(currencies), words, strict=False)
    ]
