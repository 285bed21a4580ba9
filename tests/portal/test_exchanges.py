"""Paying in another currency, as the holder sees it: before, after, on receipt and PDF."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from keepline.orders.models import Order
from keepline.payments.services import payment_id_of
from tests.cast import Cast
from tests.doubles import FakeProvider
from tests.exchanging import rates
from tests.portal.acts import KEY, order_form, renew_url
from tests.portal.test_receipt_pdf import shown

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def todays_rates(tmp_path: Path) -> Iterator[None]:
    with rates(tmp_path, JPY="147.65", KWD="0.30715"):
        yield


def test_price_rate_and_both_amounts_are_seen_before_paying(stage: Cast, alice: Client) -> None:
    page = alice.get(renew_url(stage), {"plan": stage.plan.code, "key": KEY}).content.decode()
    assert 'value="none:sandbox"' in page
    assert 'value="none:sandbox:JPY:443"' in page
    assert 'value="none:sandbox:KWD:921"' in page
    assert "JP¥443 for US$3.00" in page
    assert "1 USD = 147.65 JPY (A Bank, 10 March 2026)" in page
    assert "KWD\u00a00.921 for US$3.00" in page


def test_what_was_agreed_is_on_proof_and_receipt(
    stage: Cast, alice: Client, provider: FakeProvider
) -> None:
    answer = alice.post(renew_url(stage), order_form(stage, pay="none:sandbox:KWD:921"))
    assert answer.status_code == 302
    order = Order.objects.get(kind="renewal")
    alice.get(f"/orders/{order.id}/checkout/")
    assert "KWD\u00a00.921 is to be paid" in alice.get(f"/orders/{order.id}/").content.decode()
    provider.pay(payment_id_of(order.id))
    alice.get(f"/orders/{order.id}/return/")
    Order.objects.filter(id=order.id).update(receipt_number=1)
    for address in (f"/orders/{order.id}/", f"/orders/{order.id}/receipt/"):
        page = alice.get(address).content.decode()
        assert "<dt>Paid in another currency</dt><dd>KWD\u00a00.921<br>" in page
        assert "1 USD = 0.30715 KWD (A Bank, 10 March 2026)" in page
    texts = shown(alice.get(f"/orders/{order.id}/receipt.pdf").content)
    assert b"KWD 0.921" in texts
    assert b"1 USD = 0.30715 KWD (A Bank, 10 March 2026)" in texts
    Order.objects.filter(id=order.id).update(receipt_number=None)


def test_another_amount_than_today_is_refused(stage: Cast, alice: Client) -> None:
    answer = alice.post(renew_url(stage), order_form(stage, pay="none:sandbox:JPY:400"))
    assert answer.status_code == 409
    assert "The rate of exchange has changed" in answer.content.decode()
    assert not Order.objects.filter(kind="renewal").exists()
