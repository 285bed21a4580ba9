"""The roads of a payment: webhook, browser's return, worker, in any order, twice, hours late.

Whoever comes first and whoever does not come at all, the end is the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.flows import renew_line
from keepline.flows.audit_books import audit
from keepline.flows.open_payment import open_payment
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.settle_payment import settle
from keepline.gateways import switchboard
from keepline.lines.models import Extension
from keepline.orders.models import Order
from keepline.payments.models import Payment, ProviderEvent
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import request, valid_until, wallet
from tests.flows.at_once import rest, work_off

pytestmark = pytest.mark.django_db

ENDS = {
    "captured": (OrderState.COMPLETED, PaymentState.CAPTURED, (0, 0), 1),
    "declined": (OrderState.CANCELLED, PaymentState.DECLINED, (100, 0), 0),
    "expired": (OrderState.CANCELLED, PaymentState.EXPIRED, (100, 0), 0),
}
Arrivals = Sequence[tuple[str, float]]  # (road, minutes after the holder was at the provider)


@contextmanager
def scene(delivery: str) -> Iterator[tuple[Cast, FakeProvider]]:
    """A fresh stage, swept afterwards. A savepoint by hand: an atomic block would be one too many
    for the guard that keeps network calls out of transactions."""
    before = transaction.savepoint()
    provider, network = FakeProvider(), ScriptedNetwork()
    switchboard.connect("payments:sandbox", lambda: provider)
    switchboard.connect("network", lambda: network)
    try:
        yield assemble(wallet_minor=100, delivery=delivery), provider
    finally:
        transaction.savepoint_rollback(before)


def at_the_provider(provider: FakeProvider, payment_id: UUID, outcome: str) -> None:
    if outcome == "captured":
        provider.pay(payment_id)
    elif outcome == "declined":
        provider.decline(payment_id)
    else:
        provider.cancel(payment_id, None)


def arrive(order_id: UUID, road: str, now: datetime) -> None:
    if road == "return":
        if settle(order_id, now) is OrderState.IN_PROGRESS:
            work_off(now)  # the wake-up
    elif road == "worker":
        work_off(now)
    else:
        payment_id = Payment.objects.get(order_id=order_id).id
        receive_webhook("sandbox", {"X-Good": "yes"}, f"{road} {payment_id}".encode(), now)
        work_off(now)  # the wake-up


def the_end(outcome: str, delivery: str, arrivals: Arrivals) -> None:
    """Goes the whole way and looks where it led."""
    with scene(delivery) as (cast, provider):
        before = valid_until(cast)
        order_id = renew_line.start(request(cast, provider="sandbox"), NOW).order_id
        open_payment(order_id, "en", NOW)
        payment_id = Payment.objects.get(order_id=order_id).id
        at_the_provider(provider, payment_id, outcome)
        now = NOW
        for road, minutes in sorted(arrivals, key=lambda arrival: arrival[1]):
            now = NOW + timedelta(minutes=minutes)
            arrive(order_id, road, now)
        now = rest(now, timedelta(hours=4))
        order, payment = Order.objects.by_id(order_id), Payment.objects.get(order_id=order_id)
        given_now = Extension.objects.filter(order_id=order_id).count()
        assert (order.state, payment.state, wallet(cast), given_now) == ENDS[outcome]
        assert (valid_until(cast) > before) == (outcome == "captured")
        assert (payment.refunded_minor, order.next_action_at) == (0, None)
        assert audit(now + timedelta(hours=1)) == []


ONCE = ("evt_1", "return", "worker")


@pytest.mark.parametrize("delivery", ["ledger", "network"])
@pytest.mark.parametrize("outcome", ENDS)
@pytest.mark.parametrize(
    "roads",
    [
        *permutations(ONCE),
        ("evt_1",),
        ("return",),
        ("worker",),
        (),
        ("evt_1", "evt_1"),
        ("return", "return"),
        ("evt_1", "return", "evt_1", "return"),
        ("return", "evt_1", "return", "evt_2"),
    ],
    ids="-".join,
)
@pytest.mark.parametrize("late", [0, 200], ids=["at once", "hours late"])
def test_one_end(outcome: str, delivery: str, roads: tuple[str, ...], late: int) -> None:
    the_end(outcome, delivery, [(road, late + place / 60) for place, road in enumerate(roads)])


ROADS = st.sampled_from(["evt_1", "evt_2", "evt_3", "return", "worker"])
MINUTES = st.one_of(
    st.sampled_from([0.0, 0.5, 59.9, 60.0, 60.1]), st.integers(0, 400).map(lambda n: n / 2)
)


@settings(max_examples=40, deadline=None)
@given(
    outcome=st.sampled_from(sorted(ENDS)),
    delivery=st.sampled_from(["ledger", "network"]),
    arrivals=st.lists(st.tuples(ROADS, MINUTES), max_size=8),
)
def test_any_arrivals_lead_there(outcome: str, delivery: str, arrivals: Arrivals) -> None:
    the_end(outcome, delivery, arrivals)


@settings(max_examples=25, deadline=None)
@given(
    before=st.lists(ROADS, max_size=3),
    after=st.lists(ROADS, max_size=3),
    delivery=st.sampled_from(["ledger", "network"]),
)
def test_a_decline_that_becomes_a_capture(
    before: Sequence[str], after: Sequence[str], delivery: str
) -> None:
    """If the order had ended, the money goes back; if nobody had looked, it buys the service."""
    with scene(delivery) as (cast, provider):
        order_id = renew_line.start(request(cast, provider="sandbox"), NOW).order_id
        open_payment(order_id, "en", NOW)
        payment_id = Payment.objects.get(order_id=order_id).id
        provider.decline(payment_id)
        for road in before:
            arrive(order_id, road, NOW)
        ended = Order.objects.by_id(order_id).state == OrderState.CANCELLED
        provider.pay(payment_id)
        for road in [*after, "evt_of_the_capture"]:
            arrive(order_id, road, NOW + timedelta(minutes=5))
        rest(NOW + timedelta(minutes=5), timedelta(hours=4))
        payment = Payment.objects.get(order_id=order_id)
        assert payment.state == PaymentState.CAPTURED
        assert payment.refunded_minor == (payment.captured_minor if ended else 0)
        assert provider.payments[payment_id].refunded_minor == (200 if ended else 0)
        assert wallet(cast) == ((100, 0) if ended else (0, 0))
        assert ProviderEvent.objects.exists()
        assert audit(NOW + timedelta(hours=5)) == []
