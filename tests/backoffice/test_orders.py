"""Staff find an order, see what a refund would do, and do it; a second person allows large ones."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from keepline.flows import renew_line
from keepline.flows.recognise_revenue import number_receipts
from keepline.orders.models import Order
from keepline.payments import limits
from keepline.payments.models import Refund
from tests.cast import Cast, person
from tests.flows.acts import request
from tests.sessions import signed_in

ASKED = {"scope": "whole", "destination": "wallet", "amount": "", "reason": "wrong plan"}


@pytest.fixture
def order(stage: Cast) -> Order:
    now = timezone.now()
    order_id = renew_line.start(request(stage), now).order_id
    number_receipts("house", now)
    return Order.objects.by_id(order_id)  # type: ignore[no-any-return]


@pytest.fixture
def bruno(stage: Cast) -> Client:
    with transaction.atomic():
        person("bruno", is_staff=True)
    return signed_in("bruno@example.com")


@pytest.fixture
def two_people() -> Iterator[None]:
    limits.put_in_force(replace(limits.shipped(), refunds={"default": 1}))
    yield
    limits.put_in_force(None)


def page_of(order: Order, tail: str = "") -> str:
    return f"/backoffice/orders/{order.id}/{tail}"


def refund(client: Client, order: Order, **fields: Any) -> Any:
    form = client.get(page_of(order, "refund/")).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', form)
    assert key
    return client.post(page_of(order, "refund/"), ASKED | {"key": key[1]} | fields)


def test_for_others_these_pages_do_not_exist(order: Order, alice: Client) -> None:
    for address in ("/backoffice/orders/", "/backoffice/refunds/", page_of(order)):
        assert alice.get(address).status_code == 404
        assert Client().get(address).status_code == 302
    assert alice.post(page_of(order, "refund/"), ASKED).status_code == 404
    assert alice.post(f"/backoffice/refunds/{uuid4()}/", {"decision": "allow"}).status_code == 404
    assert not Refund.objects.exists()


def test_an_order_is_found_and_shown(order: Order, olga: Client) -> None:
    found = olga.get("/backoffice/orders/", {"q": str(order.receipt_number)}).content.decode()
    assert page_of(order) in found
    assert "Nothing found" in olga.get("/backoffice/orders/", {"q": "nobody"}).content.decode()
    with CaptureQueriesContext(connection) as queries:
        page = olga.get(page_of(order)).content.decode()
    assert "US$3.00 can still go back." in page
    assert "Sold, not earned yet" in page
    assert len(queries) <= 25
    assert olga.get(f"/backoffice/orders/{uuid4()}/").status_code == 404


def test_nothing_moves_before_the_preview_was_seen(order: Order, olga: Client) -> None:
    preview = refund(olga, order).content.decode()
    assert "Give US$3.00 back?" in preview
    assert not Refund.objects.exists()
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', preview))
    assert fields["expected_minor"] == "300"
    again = olga.post(page_of(order, "refund/"), fields | {"again": "1"}).content.decode()
    assert 'value="wrong plan"' in again
    done = olga.post(page_of(order, "refund/"), fields)
    assert done.status_code == 302
    assert olga.post(page_of(order, "refund/"), fields).status_code == 302, "a second click"
    made = Refund.objects.get()
    assert (made.amount_minor, made.state, made.reason) == (300, "to_wallet", "wrong plan")
    page = olga.get(page_of(order)).content.decode()
    assert "service taken back" in page
    assert "In the wallet" in page


def test_an_amount_is_read_as_people_write_it(order: Order, olga: Client) -> None:
    part = {"scope": "part", "amount": "1,50"}
    assert "Give US$1.50 back?" in refund(olga, order, **part).content.decode()
    for amount in ("", "x", "1,234", "-1", "1.005"):
        answer = refund(olga, order, scope="part", amount=amount)
        assert answer.status_code in (400, 422), amount
    too_much = refund(olga, order, scope="part", amount="3.01")
    assert too_much.status_code == 422
    assert "So much cannot be given back" in too_much.content.decode()


def test_a_large_one_waits_for_somebody_else(
    order: Order, olga: Client, bruno: Client, two_people: None
) -> None:
    preview = refund(olga, order).content.decode()
    assert "needs a second person" in preview
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', preview))
    olga.post(page_of(order, "refund/"), fields)
    made = Refund.objects.get()
    assert made.state == "requested"
    assert "somebody else must decide" in olga.get("/backoffice/refunds/").content.decode()
    assert olga.post(f"/backoffice/refunds/{made.id}/", {"decision": "allow"}).status_code == 403
    waiting = bruno.get("/backoffice/refunds/").content.decode()
    assert "wrong plan" in waiting
    silent_no = bruno.post(f"/backoffice/refunds/{made.id}/", {"decision": "reject"})
    assert silent_no.status_code == 400
    assert bruno.post(f"/backoffice/refunds/{made.id}/", {"decision": "allow"}).status_code == 302
    assert Refund.objects.get().state == "to_wallet"
    assert "Nobody waits" in bruno.get("/backoffice/refunds/").content.decode()


def test_the_holder_sees_it(order: Order, olga: Client, alice: Client) -> None:
    preview = refund(olga, order).content.decode()
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', preview))
    olga.post(page_of(order, "refund/"), fields)
    page = alice.get(f"/orders/{order.id}/").content.decode()
    assert "Paid back, the term has ended" in page
    assert "In the wallet" in page
    assert "wrong plan" not in page, "the reason is staff's"
