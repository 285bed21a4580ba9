"""list_reviews: what a person must know of a payment that waits."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from keepline.flows import top_up_wallet
from keepline.flows.list_reviews import list_reviews
from keepline.flows.open_payment import open_payment
from keepline.flows.review_payment import approve
from keepline.flows.settle_payment import settle
from keepline.lines.models import Line
from keepline.payments import limits
from keepline.payments.models import Payment
from tests import cast as stage
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider
from tests.flows.test_review_payment import paid

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_dollars_are_large() -> Iterator[None]:
    limits.put_in_force(replace(limits.shipped(), review={"default": 2}))
    yield
    limits.put_in_force(None)


def top_up(account: Any, provider: FakeProvider, key: str, declined: bool = False) -> None:
    asked = top_up_wallet.TopUpRequest(account.id, 500, "USD", "sandbox", key, "user:1", "portal")
    order_id = top_up_wallet.start(asked, NOW).order_id
    open_payment(order_id, "en", NOW)
    payment_id = Payment.objects.get(order_id=order_id).id
    if declined:
        provider.decline(payment_id)
    else:
        provider.pay(payment_id)
    settle(order_id, NOW)


def test_the_facts_of_one(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    Line.objects.filter(id=cast.line.id).update(e164=12025550143)
    top_up(cast.account, provider, "key-declined", declined=True)
    order_id = paid(cast, provider, NOW + timedelta(hours=1))
    [one] = list_reviews()
    assert (one.order.id, one.payment.captured_minor) == (order_id, 300)
    assert (one.account.id, one.age_days, one.e164) == (cast.account.id, 400, 12025550143)
    assert one.history == (2, 1, 1, 0)
    approve(order_id, "", "staff:1", NOW + timedelta(hours=2))
    assert list_reviews() == []


def test_as_many_queries_for_six_as_for_one(provider: FakeProvider) -> None:
    accounts = [stage.account(stage.person(f"holder{n}")) for n in range(6)]
    counted = []
    for number, account in enumerate(accounts):
        top_up(account, provider, f"key-{number:06}")
        with CaptureQueriesContext(connection) as queries:
            found = list_reviews()
        counted.append((len(found), len(queries)))
    assert [found for found, _ in counted] == [1, 2, 3, 4, 5, 6]
    assert {queries for _, queries in counted} == {4}, "top-ups have no line"
