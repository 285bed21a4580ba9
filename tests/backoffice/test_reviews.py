"""Staff look at a first large payment and let it pass, or give it back."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from keepline.flows import renew_line
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import settle
from keepline.gateways import switchboard
from keepline.orders.models import Order
from keepline.payments import limits
from keepline.payments.models import Payment
from tests.cast import Cast
from tests.doubles import FakeProvider
from tests.flows.acts import request

PAGE = "/backoffice/reviews/"


@pytest.fixture
def order(stage: Cast) -> Iterator[Order]:
    """3.00 USD by card, where two are a lot."""
    before, provider, now = dict(switchboard._factories), FakeProvider(), timezone.now()
    switchboard.connect("payments:sandbox", lambda: provider)
    limits.put_in_force(replace(limits.shipped(), review={"default": 2}))
    asked = request(stage, provider="sandbox", use_wallet="none")
    order_id = renew_line.start(asked, now).order_id
    open_payment(order_id, "en", now)
    provider.pay(Payment.objects.get(order_id=order_id).id)
    settle(order_id, now)
    yield Order.objects.by_id(order_id)
    limits.put_in_force(None)
    for port, factory in before.items():
        switchboard.connect(port, factory)


def state_of(order: Order) -> str:
    order.refresh_from_db()
    return str(order.state)


def test_for_others_these_pages_do_not_exist(order: Order, alice: Client) -> None:
    decide = f"{PAGE}{order.id}/"
    assert alice.get(PAGE).status_code == 404
    assert alice.post(decide, {"decision": "accept"}).status_code == 404
    assert Client().get(PAGE).status_code == 302
    assert Client().post(decide, {"decision": "accept"}).status_code == 302
    assert state_of(order) == "pending"


def test_what_waits_is_shown_with_its_facts(order: Order, olga: Client) -> None:
    olga.get(PAGE)
    with CaptureQueriesContext(connection) as queries:
        page = olga.get(PAGE).content.decode()
    for fact in ("US$3.00", "Alice", "days old when it ordered", "Sandbox", "goes back by itself"):
        assert fact in page
    assert len(queries) <= 10


def test_it_is_accepted(order: Order, olga: Client) -> None:
    assert olga.post(f"{PAGE}{order.id}/", {"decision": "accept"}).status_code == 302
    assert state_of(order) == "completed"
    page = olga.get(PAGE).content.decode()
    assert "Accepted: the order goes on." in page
    assert "No payment waits" in page
    late = olga.post(f"{PAGE}{order.id}/", {"decision": "refuse", "reason": "a second look"})
    assert late.status_code == 409
    assert "This payment waits no more" in late.content.decode()
    assert state_of(order) == "completed"


def test_it_is_refused_with_a_reason(order: Order, olga: Client) -> None:
    silent = olga.post(f"{PAGE}{order.id}/", {"decision": "refuse"})
    assert silent.status_code == 400
    assert "Say why: it is kept for good." in silent.content.decode()
    assert olga.post(f"{PAGE}{order.id}/", {"decision": "maybe"}).status_code == 400
    assert state_of(order) == "pending"
    refused = olga.post(f"{PAGE}{order.id}/", {"decision": "refuse", "reason": "not hers"})
    assert refused.status_code == 302
    assert state_of(order) == "failed"


def test_its_holder_is_told_the_truth(order: Order, olga: Client, alice: Client) -> None:
    page = alice.get(f"/orders/{order.id}/").content.decode()
    assert "Paid. A person looks at it first" in page
    assert "Your numbers are safe meanwhile." in page
    assert "every 30s" in page, "a day of looking twice a second helps nobody"
    olga.post(f"{PAGE}{order.id}/", {"decision": "refuse", "reason": "not hers"})
    page = alice.get(f"/orders/{order.id}/").content.decode()
    assert "We looked at the payment and could not accept it." in page
    assert "not hers" not in page, "the reason is staff's"
