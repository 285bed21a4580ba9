"""The page of the comparisons: for staff only, with what each left for a person."""

from datetime import timedelta
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from keepline.flows.reconcile import reconcile
from keepline.gateways import switchboard
from keepline.gateways.payments.port import PaymentStatus
from tests.cast import Cast
from tests.doubles import FakeProvider

PAGE = "/backoffice/reconciliations/"
STRANGER = uuid4()


def compared(*, with_a_stranger: bool) -> None:
    provider = FakeProvider()
    if with_a_stranger:
        provider.payments[STRANGER] = PaymentStatus("captured", 300, "JPY", 300, 0, "pay_x")
    switchboard.connect("payments:sandbox", lambda: provider)
    now = timezone.now()
    reconcile("sandbox", now - timedelta(days=3), now, "worker", now)


def test_for_others_it_does_not_exist(stage: Cast, alice: Client) -> None:
    assert alice.get(PAGE).status_code == 404
    assert Client().get(PAGE).status_code == 302


def test_before_the_first_night_it_says_how(olga: Client) -> None:
    page = olga.get(PAGE).content.decode()
    assert "Nothing was compared yet" in page
    assert "keepline reconcile sandbox" in page


def test_books_that_agree_and_books_that_do_not(olga: Client) -> None:
    compared(with_a_stranger=False)
    page = olga.get(PAGE).content.decode()
    assert "Books agree" in page
    assert "was not compared lately" not in page
    compared(with_a_stranger=True)
    with CaptureQueriesContext(connection) as queries:
        page = olga.get(PAGE).content.decode()
    assert "1 difference" in page
    assert "for a payment that is none of ours" in page
    assert "¥300" in page
    assert str(STRANGER) in page
    assert len(queries) <= 4  # session, user, the comparisons
