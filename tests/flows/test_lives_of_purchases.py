"""What comes after a purchase: looked at, given back, disputed, told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.flows import buy_line
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit
from keepline.flows.follow_disputes import follow_disputes
from keepline.flows.open_payment import open_payment
from keepline.flows.recognise_revenue import number_receipts, recognise
from keepline.flows.review_payment import approve, refuse
from keepline.flows.settle_payment import settle
from keepline.flows.sweep_lines import sweep
from keepline.inventory.models import Number, Profile
from keepline.lines.models import Validity
from keepline.messages.models import Delivery, Outbox
from keepline.orders.models import Order
from keepline.payments import limits
from keepline.payments.models import Payment
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider, Mailbox, ScriptedNetwork
from tests.flows.at_once import rest, work_off
from tests.flows.buying import request, stocked
from tests.flows.refunds import refunded
from tests.telling import tell

pytestmark = pytest.mark.django_db
ACTIVATION = {"smdp_address": "smdp.example.com", "matching_id": "A-B-C"}
DAY = timedelta(days=1)


@pytest.fixture
def three_dollars_are_large() -> Iterator[None]:
    limits.put_in_force(replace(limits.shipped(), review={"default": 2}))
    yield
    limits.put_in_force(None)


def paid(cast: Cast, provider: FakeProvider, **changes: Any) -> Order:
    """A purchase that a provider was paid for."""
    wanted = request(cast, use_wallet="none", provider="sandbox", **changes)
    order_id = buy_line.start(wanted, NOW).order_id
    open_payment(order_id, "en", NOW)
    provider.pay(Payment.objects.get(order_id=order_id).id)
    settle(order_id, NOW)
    return fresh(order_id)


def fresh(order_id: UUID) -> Order:
    found: Order = Order.objects.by_id(order_id)
    return found


def lived(order: Order) -> Validity:
    found: Validity = Validity.objects.by_id(order.line_id)
    return found


@pytest.mark.usefixtures("three_dollars_are_large")
def test_looked_at_and_accepted_it_is_delivered(provider: FakeProvider) -> None:
    cast, (e164, *_), _ = stocked(**ACTIVATION)
    order = paid(cast, provider)
    assert (order.state, lived(order).state) == ("pending", "reserved")
    later = NOW + timedelta(hours=20)
    approve(order.id, "", "staff:1", later)
    assert lived(order).state == "provisioning"
    assert advance(order.id, "en", later) is OrderState.COMPLETED
    assert Number.objects.get(e164=e164).state == "assigned"


@pytest.mark.usefixtures("three_dollars_are_large")
@pytest.mark.parametrize("way", ["refused", "lapsed", "disputed"])
def test_looked_at_and_refused_everything_goes_back(provider: FakeProvider, way: str) -> None:
    cast, *_ = stocked(**ACTIVATION)
    order = paid(cast, provider)
    now = NOW + DAY
    if way == "refused":
        refuse(order.id, "no", "staff:1", now)
    if way == "disputed":
        provider.dispute(Payment.objects.get(order_id=order.id).id)
        follow_disputes(order.id, now, told=True)
    for _ in range(3):
        advance(order.id, "en", now)
    assert fresh(order.id).state == "failed"
    assert not Number.objects.exclude(state="available").exists()
    assert not Profile.objects.exclude(state="available").exists()
    assert audit(now) == []


@pytest.mark.parametrize("after", [timedelta(), timedelta(days=3)])
def test_given_back_the_line_goes_its_way_and_its_number_rests(
    provider: FakeProvider, network: ScriptedNetwork, after: timedelta
) -> None:
    cast, (e164, *_), _ = stocked(**ACTIVATION)
    order = paid(cast, provider)
    advance(order.id, "en", NOW)
    now = NOW + after
    number_receipts("house", now)
    refunded(fresh(order.id), now)
    work_off(now)
    assert audit(now) == []
    assert Number.objects.get(e164=e164).line_id == order.line_id
    for days in (4, 40, 120, 200):
        sweep(NOW + days * DAY)
        Validity.objects.filter(id=order.line_id).update(warned_at=NOW + days * DAY)
    assert lived(order).state == "terminated"
    assert Number.objects.get(e164=e164).state == "quarantine"


@pytest.mark.parametrize("outcome", ["open", "lost", "won"])
def test_disputed_the_line_rests(provider: FakeProvider, outcome: str) -> None:
    cast, (e164, *_), _ = stocked(**ACTIVATION)
    order = paid(cast, provider)
    advance(order.id, "en", NOW)
    number_receipts("house", NOW)
    payment = Payment.objects.get(order_id=order.id)
    for word in dict.fromkeys(["open", outcome]):
        provider.dispute(payment.id, word)  # type: ignore[arg-type]
        follow_disputes(order.id, NOW, told=True)
    assert audit(NOW) == []
    assert Number.objects.get(e164=e164).line_id == order.line_id


def test_a_purchase_is_earned_over_its_term(provider: FakeProvider) -> None:
    cast, *_ = stocked(**ACTIVATION)
    order = paid(cast, provider)
    advance(order.id, "en", NOW)
    number_receipts("house", NOW)
    sweep(NOW + 70 * DAY)
    recognise(NOW + 70 * DAY)
    assert audit(NOW + 70 * DAY) == []


def test_every_end_is_told_in_words(
    provider: FakeProvider, network: ScriptedNetwork, mailbox: Mailbox
) -> None:
    cast, *_ = stocked(**ACTIVATION)
    done = buy_line.start(request(cast), NOW).order_id
    advance(done, "en", NOW)
    network.script = ["refuse"]
    failed = buy_line.start(request(cast, key="key-0002"), NOW).order_id
    for _ in range(2):
        advance(failed, "en", NOW)
    unpaid = request(cast, key="key-0003", use_wallet="none", provider="sandbox")
    cancelled = buy_line.start(unpaid, NOW).order_id
    for _ in range(2):
        advance(cancelled, "en", NOW + timedelta(hours=2))
    rest(NOW + timedelta(hours=3), timedelta(hours=1))
    tell(NOW + timedelta(hours=3))
    assert set(Outbox.objects.values_list("outcome", flat=True)) == {"addressed"}
    assert set(Delivery.objects.values_list("outcome", flat=True)) == {"sent"}
    assert len(mailbox.sent) == 3
    for letter in mailbox.sent:
        print(letter.subject, letter.text)
        assert "None" not in letter.text
