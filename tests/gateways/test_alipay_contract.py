"""FakeAlipay, as a real process, keeps the payment contract in Alipay's own way."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

from keepline.gateways.payments.alipay.signature import BELIEVED_FOR
from keepline.gateways.payments.port import OpenedPayment, PaymentProvider
from tests.gateways.alipay_process import AlipayProcess, Remembering, alipay_process
from tests.gateways.contract_payments import Holder, PaymentContract, a_refund, a_request
from tests.gateways.contract_stored import NothingStoredContract
from tests.gateways.inbox import Inbox


@pytest.fixture(scope="module")
def alipay(
    tmp_path_factory: pytest.TempPathFactory, shared_inbox: Inbox
) -> Iterator[AlipayProcess]:
    folder = tmp_path_factory.mktemp("alipay")
    with alipay_process(folder, f"{shared_inbox.url}/hook") as process:
        yield process


class AlipayHolder:
    """Comes to the address that the adapter made and presses the button there."""

    def __init__(self, alipay: AlipayProcess, provider: Remembering, inbox: Inbox) -> None:
        self.alipay = alipay
        self.provider = provider
        self.inbox = inbox

    def pays(self, payment_id: UUID) -> None:
        self.alipay.pay(self.provider, payment_id)

    def is_declined(self, payment_id: UUID) -> None:
        # Alipay tells the holder alone; the trade goes on waiting.
        self.alipay.visit(self.provider.addresses[payment_id])

    def webhook(self, payment_id: UUID, kind: str) -> tuple[dict[str, str], bytes]:
        status = {"payment.captured": b"TRADE_SUCCESS"}[kind]

        def fitting(inbox: Inbox) -> list[tuple[dict[str, str], bytes]]:
            wanted = (payment_id.hex.encode(), status)
            return [one for one in inbox.webhooks if all(word in one[1] for word in wanted)]

        self.inbox.wait_for(lambda inbox: bool(fitting(inbox)))
        return fitting(self.inbox)[0]


class AlipayContract(PaymentContract):
    """How Alipay keeps the contract in its own way."""

    currency = usual_currency = stepped_currency = "CNY"
    knows_unvisited = False
    tells_declines = False
    tells_part_refunds = False
    lists_at_once = False
    amount_in_webhook = b"19.99"
    webhook_believed_for = BELIEVED_FOR


class TestAlipayContract(AlipayContract):
    @pytest.fixture
    def provider(self, alipay: AlipayProcess) -> PaymentProvider:
        return alipay.adapter()

    @pytest.fixture
    def holder(self, alipay: AlipayProcess, provider: Remembering, inbox: Inbox) -> Holder:
        return AlipayHolder(alipay, provider, inbox)

    @pytest.fixture(autouse=True)
    def _reachable(self, alipay: AlipayProcess) -> None:
        self.alipay = alipay

    def visits(self, provider: PaymentProvider, opened: OpenedPayment) -> None:
        self.alipay.visit(opened.checkout_url)


class TestAlipayStoresNothing(NothingStoredContract):
    @pytest.fixture
    def provider(self, alipay: AlipayProcess) -> PaymentProvider:
        return alipay.adapter()


def test_a_phone_gets_the_page_for_phones(alipay: AlipayProcess) -> None:
    request = replace(a_request(100, "CNY"), metadata={"device": "phone"})
    opened = alipay.adapter().open_payment(request)
    sent = dict(parse_qsl(urlsplit(opened.checkout_url).query))
    assert sent["method"] == "alipay.trade.wap.pay"
    assert request.cancel_url in sent["biz_content"]
    alipay.visit(opened.checkout_url)


def test_a_fully_refunded_payment_stays_captured(alipay: AlipayProcess) -> None:
    provider, request = alipay.adapter(), a_request(1999, "CNY")
    named = provider.open_payment(request).provider_payment_id
    alipay.pay(provider, request.payment_id)
    refund = a_refund(request, named, 1999)
    assert provider.refund(refund) == provider.refund(refund)
    status = provider.ask(request.payment_id, named)
    assert (status.status, status.captured_minor, status.refunded_minor) == ("captured", 1999, 1999)
    assert provider.cancel(request.payment_id, named) == status
