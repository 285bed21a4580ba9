"""Staff see what banks take back, by deadline, and send the evidence."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from keepline.flows import renew_line
from keepline.flows.follow_disputes import follow_disputes
from keepline.flows.open_payment import open_payment
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.settle_payment import settle
from keepline.gateways import switchboard
from keepline.payments.models import Dispute, Payment
from tests.cast import Cast
from tests.doubles import FakeProvider
from tests.flows.acts import request
from tests.limits import hardly_any

PAGE = "/backoffice/disputes/"


@pytest.fixture
def provider(stage: Cast) -> Iterator[FakeProvider]:
    fake, before = FakeProvider(), dict(switchboard._factories)
    switchboard.connect("payments:sandbox", lambda: fake)
    yield fake
    switchboard.connect("payments:sandbox", before["payments:sandbox"])


@pytest.fixture
def dispute(stage: Cast, provider: FakeProvider) -> Dispute:
    now = timezone.now()
    asked = request(stage, provider="sandbox", use_wallet="none")
    with hardly_any():
        order_id = renew_line.start(asked, now).order_id
    open_payment(order_id, "en", now)
    payment = Payment.objects.get()
    provider.pay(payment.id)
    settle(order_id, now)
    number_receipts("house", now)
    provider.dispute(payment.id, "open", "dp_1", now + timedelta(days=7))
    follow_disputes(order_id, now, told=True)
    return Dispute.objects.get()  # type: ignore[no-any-return]


def test_for_others_they_do_not_exist(dispute: Dispute, alice: Client) -> None:
    for address in (PAGE, f"{PAGE}{dispute.id}/"):
        assert alice.get(address).status_code == 404
        assert Client().get(address).status_code == 302


def test_the_list_and_the_evidence(dispute: Dispute, provider: FakeProvider, olga: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        page = olga.get(PAGE).content.decode()
    assert "fraudulent" in page
    assert len(queries) <= 5
    with CaptureQueriesContext(connection) as queries:
        page = olga.get(f"{PAGE}{dispute.id}/").content.decode()
    assert f"Order {dispute.order_id}" in page
    assert len(queries) <= 20
    assert olga.post(f"{PAGE}{dispute.id}/", {"evidence": " "}).status_code == 400
    assert olga.post(f"{PAGE}{dispute.id}/", {"evidence": "Used it."}).status_code == 302
    assert provider.evidence == {"dp_1": "Used it."}
    page = olga.get(f"{PAGE}{dispute.id}/").content.decode()
    assert "Sent to the bank" in page
    assert "<textarea" not in page


def test_nothing_is_disputed(stage: Cast, olga: Client) -> None:
    assert "Nothing is disputed" in olga.get(PAGE).content.decode()
    assert olga.get(f"{PAGE}{stage.line.id}/").status_code == 404


def test_the_holder_sees_it(dispute: Dispute, alice: Client) -> None:
    page = alice.get(f"/orders/{dispute.order_id}/").content.decode()
    assert "Your bank is taking US$3.00 of this payment back." in page
    assert "the line is blocked" in page
