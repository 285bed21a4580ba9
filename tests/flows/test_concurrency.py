"""Everything at once, on real connections: one effect, no deadlock, no wallet below zero."""

import random
from collections import Counter
from datetime import timedelta
from functools import partial
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line, top_up_wallet
from keepline.flows.audit_books import audit
from keepline.flows.deliver_order import deliver
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.paying import StartedOrder
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.settle_payment import settle
from keepline.flows.withdraw_order import withdraw
from keepline.ledger.models import Transfer, Wallet
from keepline.lines.models import Extension, Validity
from keepline.orders import services as orders
from keepline.orders.models import Order, ReceiptSeries
from keepline.payments.models import Payment
from tests import cast as stage
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import pay_by_provider, request, valid_until, wallet
from tests.flows.at_once import at_once, deadlocks, rest, work_off

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("hardly_any_limits"),
]


def payment_of(order_id: UUID) -> UUID:
    found: UUID = Payment.objects.get(order_id=order_id).id
    return found


def webhook(order_id: UUID, event: str) -> None:
    body = f"{event} {payment_of(order_id)}".encode()
    receive_webhook("sandbox", {"X-Good": "yes"}, body, NOW)


def top_up(cast: Cast, key: str, amount_minor: int = 100) -> UUID:
    asked = top_up_wallet.TopUpRequest(
        cast.account.id, amount_minor, "USD", "sandbox", key, "user:1", "portal"
    )
    order_id = top_up_wallet.start(asked, NOW).order_id
    open_payment(order_id, "en", NOW)
    return order_id


@pytest.mark.parametrize("delivery", ["ledger", "network"])
def test_fifty_requests_with_one_key_are_one(delivery: str) -> None:
    cast = assemble(delivery=delivery)
    answers = at_once([partial(renew_line.start, request(cast), NOW)] * 50)
    assert all(isinstance(answer, StartedOrder) for answer in answers), answers
    assert len({(answer.order_id, answer.state) for answer in answers}) == 1
    assert sum(answer.first for answer in answers) == 1
    work_off(NOW)
    assert wallet(cast) == (700, 0)
    assert Extension.objects.filter(order_id=answers[0].order_id).count() == 1
    assert Extension.objects.count() == 2  # and the one the line came with
    assert Order.objects.filter(kind="renewal").count() == 1


def test_fifty_openings_of_a_payment_are_one_checkout(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    calls = [partial(renew_line.start, request(cast, provider="sandbox"), NOW)] * 25
    order_id = next(iter({answer.order_id for answer in at_once(calls)}))
    addresses = at_once([partial(open_payment, order_id, "en", NOW)] * 25)
    assert len(set(addresses)) == 1
    assert (Payment.objects.count(), len(provider.payments)) == (1, 1)


def test_two_keys_at_once_are_two_orders_one_after_the_other() -> None:
    cast = assemble(wallet_minor=600)
    calls = [partial(renew_line.start, request(cast, key=f"key-000{n}"), NOW) for n in (1, 2)]
    states = [answer.state for answer in at_once(calls)]
    assert states == [OrderState.COMPLETED] * 2
    periods = Extension.objects.filter(line_id=cast.line.id).order_by("period_start")
    ends = [(period.period_start, period.period_end) for period in periods]
    assert [start for start, _ in ends[1:]] == [end for _, end in ends[:-1]]
    assert valid_until(cast) == ends[-1][1]
    assert wallet(cast) == (0, 0)


def test_money_for_one_pays_for_one() -> None:
    cast = assemble(wallet_minor=500)
    calls = [partial(renew_line.start, request(cast, key=f"key-{n:04d}"), NOW) for n in range(8)]
    answers = at_once(calls)
    refused = [answer.code for answer in answers if isinstance(answer, FlowRefused)]
    assert (len(refused), set(refused)) == (7, {"wallet_short"})
    assert wallet(cast) == (200, 0)


def test_top_up_and_two_renewals_on_one_wallet(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=500)
    for number in range(5):
        before, _ = wallet(cast)
        coming = top_up(cast, f"top-{number:04d}")
        provider.pay(payment_of(coming))
        settled, *renewed = at_once(
            [
                partial(settle, coming, NOW),
                partial(renew_line.start, request(cast, key=f"one-{number:04d}"), NOW),
                partial(renew_line.start, request(cast, key=f"two-{number:04d}"), NOW),
            ]
        )
        assert settled is OrderState.COMPLETED
        bought = sum(isinstance(answer, StartedOrder) for answer in renewed)
        assert all(
            isinstance(answer, StartedOrder) or answer.code == "wallet_short" for answer in renewed
        )
        assert wallet(cast) == (before + 100 - 300 * bought, 0)


@pytest.mark.parametrize("delivery", ["ledger", "network"])
def test_webhook_return_and_worker_at_once(provider: FakeProvider, delivery: str) -> None:
    cast = assemble(wallet_minor=100, delivery=delivery)
    order_id = renew_line.start(request(cast, provider="sandbox"), NOW).order_id
    open_payment(order_id, "en", NOW)
    provider.pay(payment_of(order_id))
    orders.look_again(Order.objects.by_id(order_id), NOW)
    answers = at_once(
        [
            *[partial(settle, order_id, NOW)] * 3,
            *[partial(webhook, order_id, f"evt_{n}") for n in (1, 1, 2)],
            *[partial(work_off, NOW)] * 3,
        ]
    )
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    work_off(NOW)
    rest(NOW, timedelta(minutes=5))
    assert Order.objects.by_id(order_id).state == OrderState.COMPLETED
    assert Transfer.objects.filter(order_id=order_id, code=1).count() == 1
    assert Extension.objects.filter(order_id=order_id).count() == 1
    assert wallet(cast) == (0, 0)


@pytest.mark.parametrize("number", range(6))
def test_delivery_and_withdrawal_at_the_promise(
    provider: FakeProvider, network: ScriptedNetwork, number: int
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = [["ok"], ["mute"], ["lost"]][number % 3]
    order_id = pay_by_provider(cast, provider)
    promise = Order.objects.by_id(order_id).promise_until
    at_once(
        [
            partial(deliver, order_id, promise - timedelta(seconds=1)),
            partial(withdraw, order_id, promise),
            partial(deliver, order_id, promise - timedelta(seconds=1)),
            partial(withdraw, order_id, promise),
        ]
    )
    ended = rest(promise, timedelta(hours=1))
    order = Order.objects.by_id(order_id)
    assert order.state in (OrderState.COMPLETED, OrderState.WITHDRAWN)
    kept = order.state == OrderState.COMPLETED
    assert bool(network.standing) == kept
    assert wallet(cast) == ((0, 0) if kept else (100, 0))
    assert provider.payments[payment_of(order_id)].refunded_minor == (0 if kept else 200)
    assert audit(ended + timedelta(hours=1)) == []


def test_many_lines_and_wallets_under_eight_threads(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    """Every kind of step, in any order, on shared lines and wallets."""
    cast = assemble(wallet_minor=5000)
    far = stage.plan("far-1m", delivery="network")
    others = [stage.line(cast.account, cast.plan) for _ in range(3)]
    second = stage.account(cast.alice, wallet_minor=2000)
    others += [stage.line(second, cast.plan) for _ in range(2)]
    lines = [(cast.line.id, cast.account.id)] + [(line.id, line.account_id) for line in others]
    seen = deadlocks()

    def busy(seed: int) -> Counter[str]:
        dice, done = random.Random(seed), Counter[str]()
        for step in range(25):
            line_id, account_id = dice.choice(lines)
            asked: dict[str, Any] = {
                "line_id": line_id,
                "account_id": account_id,
                "plan_code": dice.choice([cast.plan.code, far.code]),
                "key": f"key-{seed}-{dice.randrange(step + 1):04d}",
                "provider": dice.choice([None, "sandbox"]),
                "use_wallet": dice.choice(["part", "only", "none"]),
            }
            try:
                started = renew_line.start(request(cast, **asked), NOW)
                if started.needs_payment:
                    open_payment(started.order_id, "en", NOW)
                    dice.choice([provider.pay, provider.decline])(payment_of(started.order_id))
                    if dice.random() < 0.5:
                        settle(started.order_id, NOW)
                    else:
                        webhook(started.order_id, f"evt_{seed}_{step}")
                done[str(started.state)] += 1
            except FlowRefused as refused:
                done[refused.code] += 1
            if dice.random() < 0.3:
                work_off(NOW)
                number_receipts("house", NOW, 100)
        return done

    answers = at_once([partial(busy, seed) for seed in range(8)])
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    assert deadlocks() == seen
    ended = rest(NOW, timedelta(hours=3))
    while number_receipts("house", NOW, 100):
        pass
    assert audit(ended) == []
    assert not Wallet.objects.filter(posted_minor__lt=0).exists()
    assert Validity.objects.count() == len(lines)


def test_a_numberer_that_waited_leaves_no_gap() -> None:
    """Orders numbered while it waited for its turn must not count among those it numbers."""
    cast = assemble(wallet_minor=3000)
    number_receipts("house", NOW, 100)  # the series exists
    for n in range(3):
        renew_line.start(request(cast, key=f"key-{n:04d}"), NOW)
    with transaction.atomic():
        list(ReceiptSeries.objects.select_for_update(no_key=True))
        waiting = Thread(target=at_once, args=([partial(number_receipts, "house", NOW, 100)],))
        waiting.start()
        _until_somebody_waits()
        number_receipts("house", NOW, 2)
    waiting.join(30)
    numbers = Order.objects.filter(kind="renewal").order_by("receipt_number")
    assert list(numbers.values_list("receipt_number", flat=True)) == [1, 2, 3]


def _until_somebody_waits() -> None:
    until = monotonic() + 10
    while monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        sleep(0.02)
    raise AssertionError("nobody waits")
