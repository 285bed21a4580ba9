"""The whole way in money without a minor unit and with three digits of it: sign-up to letter."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from keepline.accounts.models import Account, User
from keepline.accounts.queries import member_account
from keepline.core.lifecycle.order import OrderState
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.settle_payment import settle
from keepline.flows.show_wallet import show_wallet
from keepline.flows.telling.letters import Words
from keepline.flows.telling.way import Addressee
from keepline.gateways import switchboard
from keepline.ledger import services as ledger
from keepline.lines.models import Line
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests import cast
from tests.books import books_are_right
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider, Mailbox
from tests.portal.test_receipt_pdf import shown
from tests.telling import written

__all__ = ["books_are_right"]
pytestmark = pytest.mark.django_db
PASSWORD = "lorry amber tunic fossil"
TAX_PPM = 50_000


@dataclass(frozen=True)
class Money:
    """A price of a month with 5 % of tax on it, and how it is written, the same in both languages.

    Of the dinars Stripe takes tens of fils only, so that 5 fils stay in the wallet.
    """

    currency: str
    zone: str
    price_minor: int
    top_up: str
    parts_minor: tuple[int, int]  # of the wallet, of the provider
    said: tuple[str, str]
    free: str
    total: str
    tax: str


YEN = Money(
    *("JPY", "Asia/Tokyo", 1500, "1000", (1000, 575)),
    *(("JP¥1,000", "JP¥575"), "JP¥0", "JP¥1,575", "JP¥75"),
)
DINAR = Money(
    *("KWD", "Asia/Kuwait", 1500, "1.000", (995, 580)),
    *(("KWD\u00a00.995", "KWD\u00a00.580"), "KWD\u00a00.005", "KWD\u00a01.575", "KWD\u00a00.075"),
)


@pytest.fixture
def stripe() -> Iterator[FakeProvider]:
    """In the sandbox's place, so that the table's rules for Stripe count."""
    sandbox = switchboard._factories.pop("payments:sandbox")
    fake = FakeProvider("stripe")
    switchboard.connect("payments:stripe", lambda: fake)
    yield fake
    del switchboard._factories["payments:stripe"]
    switchboard.connect("payments:sandbox", sandbox)


@pytest.fixture(autouse=True)
def still() -> Iterator[None]:
    cache.clear()  # the counters of limits
    with time_machine.travel(NOW, tick=False):
        yield


def signed_up(money: Money) -> tuple[Client, Account]:
    """Somebody new, whose clock is where the money is; their letter box is read for the code."""
    mailbox = Mailbox()
    switchboard.connect("email", lambda: mailbox)
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    form = {"by": "email", "email": "dora@example.com", "password1": PASSWORD}
    client.post("/accounts/signup/", form | {"time_zone": money.zone})
    code = re.search(r"\b\d{4}-\d{4}\b", mailbox.sent[-1].text)
    assert code
    client.post("/accounts/confirm-email/", {"code": code[0]})
    account = member_account(User.objects.get())
    assert account is not None
    return client, account


def paid(order_id: UUID, stripe: FakeProvider, client: Client) -> None:
    """At the checkout, to which the portal leads on."""
    assert client.get(f"/orders/{order_id}/checkout/").status_code == 302
    stripe.pay(Payment.objects.get(order_id=order_id).id)
    assert settle(order_id, NOW) is OrderState.COMPLETED


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def letter(account: Account, line: Line, order: Order, language: str) -> Words:
    event = Outbox(
        kind="line.renewed",
        account_id=account.id,
        line_id=line.id,
        order_id=order.id,
        occurred_at=NOW,
    )
    return written(event, Addressee("user:1", "dora@example.com", language, "UTC", "Dora"), NOW)


@pytest.mark.parametrize("money", [YEN, DINAR], ids=lambda money: money.currency)
def test_from_sign_up_to_the_letter(money: Money, stripe: FakeProvider) -> None:
    plan = cast.plan(
        currency=money.currency,
        price_minor=money.price_minor,
        tax_rate_ppm=TAX_PPM,
        tax_inclusive=False,
    )
    ledger.open_house_accounts([money.currency], ["stripe"])
    client, account = signed_up(money)
    assert account.currency == money.currency
    assert f'value="{money.currency}" selected' in page(client, "/account/")

    form = {"key": "top-up-0001", "currency": money.currency, "other": money.top_up}
    answer = client.post("/wallet/top-up/", form | {"provider": "stripe"})
    paid(UUID(answer["Location"].split("/")[2]), stripe, client)
    assert show_wallet(account.id, NOW).balance.posted_minor == 1000

    line = cast.line(account, plan)
    order_url = f"/lines/{line.id}/renew/?key=renewal-0001&plan={plan.code}"
    before = page(client, order_url)
    assert money.total in before
    assert 'value="part:stripe"' in before
    pay = {"plan": plan.code, "key": "renewal-0001", "pay": "part:stripe"}
    total = sum(money.parts_minor)
    client.post(order_url, pay | {"expected_total_minor": str(total)})
    order = Order.objects.get(kind="renewal")
    assert (order.wallet_minor, order.payment_minor) == money.parts_minor
    paid(order.id, stripe, client)
    asked = stripe.bodies[Payment.objects.get(order_id=order.id).id]
    assert (asked.amount_minor, asked.currency) == (money.parts_minor[1], money.currency)
    assert money.free in page(client, "/wallet/")

    number_receipts("house", NOW)
    receipt = page(client, f"/orders/{order.id}/receipt/")
    assert money.total in receipt
    assert money.tax in receipt
    texts = shown(client.get(f"/orders/{order.id}/receipt.pdf").content)
    assert any(digits(money.total).encode() in text for text in texts), texts
    english, chinese = (letter(account, line, order, each) for each in ("en", "zh-hans"))
    assert english.subject != chinese.subject
    for part in money.said:
        assert part in english.text
        assert part in chinese.text
    User.objects.update(language="zh-hans")
    receipt = page(client, f"/orders/{order.id}/receipt/")
    assert "收据" in receipt
    assert money.total in receipt
    assert money.tax in receipt


def digits(said: str) -> str:
    """A PDF writes the sign in the font's own code; the figures are plain."""
    return re.sub(r"[^0-9.,]", "", said)


def test_money_that_came_in_another_currency_is_shown_and_nothing_else(
    stage: Cast, alice: Client
) -> None:
    for url in ("/wallet/?currency=JPY", "/wallet/?currency=XXX"):
        assert alice.get(url).status_code == 404
    ledger.open_house_accounts(["JPY"], [])
    cast.fill(ledger.open_wallet(stage.account.id, "JPY").id, 450, "JPY")
    assert "?currency=JPY" in page(alice, "/wallet/")
    assert "JP¥450" in page(alice, "/wallet/?currency=JPY")
    assert 'value="JPY"' not in page(alice, "/account/"), "nothing is sold in it"
    cast.plan("in-yen", currency="JPY", price_minor=450)
    profile = {"name": "Alice", "language": "en", "time_zone": "Europe/Berlin", "currency": "JPY"}
    assert alice.post("/account/", profile).status_code == 302
    url = f"/lines/{stage.line.id}/renew/?key=renewal-0001"
    assert "JP¥450" in page(alice, f"{url}&plan=in-yen")
    form = {"plan": "in-yen", "key": "renewal-0001", "pay": "only:", "expected_total_minor": "450"}
    assert alice.post(url, form).status_code == 302
    assert show_wallet(stage.account.id, NOW, "JPY").balance.free_minor == 0


def test_a_step_is_said_where_an_amount_is_typed(stripe: FakeProvider) -> None:
    cast.plan(currency="KWD", price_minor=1500)
    client, _account = signed_up(DINAR)
    assert "in steps of KWD\u00a00.010" in page(client, "/wallet/")
    form = {"key": "top-up-0001", "currency": "KWD", "other": "1.235", "provider": "stripe"}
    assert client.post("/wallet/top-up/", form).status_code == 422
    assert stripe.bodies == {}
