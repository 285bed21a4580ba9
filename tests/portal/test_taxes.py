"""Tax before paying, on the proof, on the receipt and its PDF; and where the holder is at home."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from keepline.accounts.models import Account, User
from tests.cast import Cast
from tests.portal.acts import renew_url, with_receipt
from tests.portal.test_receipt_pdf import shown
from tests.taxing import rate, taxes

pytestmark = pytest.mark.django_db
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
RATES = {
    "DE": (rate(19, SINCE),),
    "US": (rate(7, SINCE, inclusive=False),),
    "KW": (rate(0, SINCE),),
}


def live_in(stage: Cast, country: str) -> None:
    Account.objects.filter(id=stage.account.id).update(country=country)


@pytest.mark.parametrize(
    ("country", "said", "net", "tax", "total"),
    [
        ("DE", "Tax 19% (Germany), included", "US$2.52", "US$0.48", "US$3.00"),
        ("US", "Tax 7% (United States)", "US$3.00", "US$0.21", "US$3.21"),
        ("KW", "Tax 0% (Kuwait), included", "US$3.00", "US$0.00", "US$3.00"),
    ],
)
def test_what_is_shown_before_is_on_the_receipt(
    stage: Cast, alice: Client, country: str, said: str, net: str, tax: str, total: str
) -> None:
    live_in(stage, country)
    rows = [
        f"<div><dt>Net</dt><dd>{net}</dd></div>",
        f"<div><dt>{said}</dt><dd>{tax}</dd></div>",
        f'<div class="total"><dt>Total</dt><dd>{total}</dd></div>',
    ]
    minor = total.removeprefix("US$").replace(".", "")
    with taxes("holder", RATES):
        before = alice.get(renew_url(stage), {"plan": stage.plan.code, "key": "9f2c6f5e-0001"})
        order_id = with_receipt(alice, stage, expected_total_minor=minor)
    live_in(stage, "")  # the order keeps what it was accepted under
    after = alice.get(f"/orders/{order_id}/receipt/")
    for row in rows:
        assert row in before.content.decode()
        assert row in after.content.decode()
    texts = shown(alice.get(f"/orders/{order_id}/receipt.pdf").content)
    for text in (b"Net", said.encode(), net.encode(), tax.encode(), total.encode()):
        assert text in texts


def test_without_tax_nothing_is_said_of_it(stage: Cast, alice: Client) -> None:
    order_id = with_receipt(alice, stage)
    assert b"Tax" not in alice.get(f"/orders/{order_id}/receipt/").content


def test_in_chinese(stage: Cast, alice: Client) -> None:
    User.objects.filter(pk=stage.alice.pk).update(language="zh-hans")
    live_in(stage, "DE")
    with taxes("holder", RATES):
        order_id = with_receipt(alice, stage)
    page = alice.get(f"/orders/{order_id}/receipt/").content.decode()
    assert "税额 19% (德国)（已含）" in page


def test_the_holder_says_where_home_is(stage: Cast, alice: Client) -> None:
    page = alice.get("/account/").content.decode()
    assert '<option value="" selected>—</option>' in page
    assert page.index("Austria") < page.index("Germany") < page.index("Zambia")
    profile = {"name": "Alice", "language": "en", "time_zone": "Europe/Berlin", "currency": "USD"}
    assert alice.post("/account/", {**profile, "country": "AT"}).status_code == 302
    assert Account.objects.by_id(stage.account.id).country == "AT"
    assert alice.post("/account/", {**profile, "country": "ZZ"}).status_code == 422
    assert Account.objects.by_id(stage.account.id).country == "AT"
