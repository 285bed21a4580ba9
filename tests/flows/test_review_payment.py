"""review_payment: a first large payment waits for a person, and no line dies meanwhile."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from keepline.audit.models import AuditEvent
from keepline.core.agenda import Step
from keepline.core.lifecycle.line import LineEvent
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line, top_up_wallet
from keepline.flows.audit_books import audit
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.review_payment import approve, give_up, refuse
from keepline.flows.settle_payment import settle
from keepline.flows.show_order import show_order
from keepline.flows.sweep_lines import sweep
from keepline.lines.models import Extension, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments import limits
from keepline.payments.models import Payment
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import move_line, request, valid_until, wallet
from tests.flows.at_once import at_once, work_off

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANNA, BERT = "staff:1", "staff:2"


@pytest.fixture(autouse=True)
def three_dollars_are_large() -> Iterator[None]:
    limits.put_in_force(replace(limits.shipped(), review={"default": 2}))
    yield
    limits.put_in_force(None)


def paid(cast: Cast, provider: FakeProvider, now: datetime = NOW, **asked: Any) -> UUID:
    """A renewal of 3.00 USD, of which the wallet pays what it has; the provider took the rest."""
    order_id = renew_line.start(request(cast, provider="sandbox", **asked), now).order_id
    _pay(order_id, provider, now)
    return order_id


def topped_up(cast: Cast, provider: FakeProvider, amount_minor: int = 500) -> UUID:
    asked = top_up_wallet.TopUpRequest(
        cast.account.id, amount_minor, "USD", "sandbox", "key-topup", "user:1", "portal"
    )
    order_id = top_up_wallet.start(asked, NOW).order_id
    _pay(order_id, provider, NOW)
    return order_id


def _pay(order_id: UUID, provider: FakeProvider, now: datetime) -> None:
    open_payment(order_id, "en", now)
    provider.pay(Payment.objects.get(order_id=order_id).id)
    settle(order_id, now)


def state_of(order_id: UUID) -> str:
    return str(Order.objects.by_id(order_id).state)


def told(order_id: UUID) -> list[str]:
    rows = Outbox.objects.filter(order_id=order_id).order_by("occurred_at", "id")
    return list(rows.values_list("kind", flat=True))


def test_a_first_large_payment_waits_and_the_money_is_set_aside(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    before = valid_until(cast)
    order_id = paid(cast, provider)
    order = Order.objects.by_id(order_id)
    assert (order.state, order.settled_at) == (OrderState.PENDING, NOW)
    assert order.promise_until == order.next_action_at == NOW + DAY
    assert wallet(cast) == (300, 300)
    assert valid_until(cast) == before
    assert told(order_id) == ["order.in_review"]
    view = show_order(order_id, cast.account.id, NOW)
    assert (view.stage, view.resting, view.taken_minor) == ("in_review", False, 300)
    steps = [(step.kind, step.state) for step in view.steps]
    assert steps == [
        ("ordered", "done"),
        ("paid", "done"),
        ("reviewed", "now"),
        ("extended", "next"),
    ]


def test_accepted_it_gives_what_the_preview_showed(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order_id = paid(cast, provider)
    shown = Order.objects.by_id(order_id).valid_until_after
    assert approve(order_id, "", ANNA, NOW + 23 * HOUR) is OrderState.COMPLETED
    assert valid_until(cast) == shown
    assert wallet(cast) == (0, 0)
    assert told(order_id) == ["order.in_review", "line.renewed"]
    [entry] = AuditEvent.objects.filter(subject_id=order_id)
    assert (entry.action, entry.actor, entry.facts["led_to"]) == (
        "payment.reviewed",
        ANNA,
        "completed",
    )


def test_accepted_it_goes_to_the_network_with_a_promise_of_its_own(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    order_id = paid(cast, provider)
    assert state_of(order_id) == OrderState.PENDING
    later = NOW + 5 * HOUR
    assert approve(order_id, "", ANNA, later) is OrderState.IN_PROGRESS
    assert later < Order.objects.by_id(order_id).promised_until < later + HOUR
    assert wallet(cast) == (300, 300)
    assert audit(later) == []
    work_off(later)
    assert state_of(order_id) == OrderState.COMPLETED
    assert wallet(cast) == (0, 0)


def test_service_that_was_cut_while_it_waited_is_switched_on_again(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100)
    order_id = paid(cast, provider)
    move_line(cast, LineEvent.EXPIRE)
    assert approve(order_id, "", ANNA, NOW + HOUR) is OrderState.IN_PROGRESS
    work_off(NOW + HOUR)
    assert state_of(order_id) == OrderState.COMPLETED


def test_a_line_that_ended_meanwhile_gets_its_money_back(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order_id = paid(cast, provider)
    move_line(cast, LineEvent.TERMINATE)
    assert approve(order_id, "", ANNA, NOW + HOUR) is OrderState.FAILED
    work_off(NOW + HOUR)
    assert Payment.objects.get().refunded_minor == 200
    assert wallet(cast) == (100, 0)


def test_a_line_that_had_ended_before_is_nobodys_business(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    move_line(cast, LineEvent.TERMINATE)
    provider.pay(Payment.objects.get().id)
    assert settle(started.order_id, NOW) is OrderState.FAILED


def test_refused_it_goes_back_the_way_it_came(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    before = valid_until(cast)
    order_id = paid(cast, provider)
    assert refuse(order_id, "ten names, one card", ANNA, NOW + HOUR) is OrderState.FAILED
    work_off(NOW + HOUR)
    assert Payment.objects.get().refunded_minor == 200
    assert wallet(cast) == (100, 0)
    assert valid_until(cast) == before
    assert Order.objects.by_id(order_id).failure_code == "review_refused"
    assert set(told(order_id)) == {"order.in_review", "order.failed", "order.refunded"}
    [entry] = AuditEvent.objects.filter(subject_id=order_id)
    assert (entry.facts["led_to"], entry.reason) == ("failed", "ten names, one card")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_no_says_why(reason: str, provider: FakeProvider) -> None:
    order_id = paid(assemble(wallet_minor=100), provider)
    with pytest.raises(FlowRefused, match="reason_missing"):
        refuse(order_id, reason, ANNA, NOW)
    assert state_of(order_id) == OrderState.PENDING


def test_without_a_decision_it_goes_back_after_a_day(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order_id = paid(cast, provider)
    just_before = NOW + DAY - timedelta.resolution
    work_off(just_before)
    assert give_up(order_id, just_before) is OrderState.PENDING
    work_off(NOW + DAY)
    order = Order.objects.by_id(order_id)
    assert (order.state, order.failure_code) == (OrderState.FAILED, "review_lapsed")
    assert Payment.objects.get().refunded_minor == 200
    with pytest.raises(FlowRefused, match="review_decided"):
        approve(order_id, "", ANNA, NOW + DAY)


def test_a_webhook_that_comes_again_shortens_nothing(provider: FakeProvider) -> None:
    order_id = paid(assemble(wallet_minor=100), provider)
    payment = Payment.objects.get()
    receive_webhook("sandbox", {"X-Good": "yes"}, f"evt_1 {payment.id}".encode(), NOW + HOUR)
    assert Order.objects.by_id(order_id).next_action_at == NOW + HOUR
    work_off(NOW + HOUR)
    order = Order.objects.by_id(order_id)
    assert (order.state, order.next_action_at) == (OrderState.PENDING, NOW + DAY)


def test_a_top_up_cannot_be_spent_while_it_waits(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    order_id = topped_up(cast, provider)
    assert state_of(order_id) == OrderState.PENDING
    assert wallet(cast) == (500, 500)
    with pytest.raises(FlowRefused, match="wallet_short"):
        renew_line.start(request(cast, use_wallet="only"), NOW)
    assert audit(NOW) == []
    assert approve(order_id, "", ANNA, NOW + HOUR) is OrderState.COMPLETED
    assert wallet(cast) == (500, 0)
    assert told(order_id) == ["order.in_review", "wallet.topped_up"]


def test_a_top_up_that_is_refused_never_was_the_holders(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    order_id = topped_up(cast, provider)
    refuse(order_id, "no", ANNA, NOW)
    assert wallet(cast) == (0, 0)
    work_off(NOW)
    assert Payment.objects.get().refunded_minor == 500


def test_less_is_not_looked_at(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=101)
    assert state_of(paid(cast, provider)) == OrderState.COMPLETED


def test_an_account_is_known_after_a_week(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    first = paid(cast, provider)
    approve(first, "", ANNA, NOW)
    week = NOW + 7 * DAY
    early = paid(cast, provider, week - timedelta(seconds=1), key="key-0002")
    assert state_of(early) == OrderState.PENDING
    refuse(early, "no", ANNA, week)
    work_off(week)
    assert state_of(paid(cast, provider, week, key="key-0003")) == OrderState.COMPLETED


def test_a_payment_that_went_back_vouches_for_nobody(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    refuse(paid(cast, provider), "no", ANNA, NOW)
    work_off(NOW)
    again = paid(cast, provider, NOW + 30 * DAY, key="key-0002")
    assert state_of(again) == OrderState.PENDING


def test_nothing_waits_where_the_operator_wants_none_of_it(provider: FakeProvider) -> None:
    limits.put_in_force(replace(limits.shipped(), review={"default": 0}))
    assert state_of(paid(assemble(wallet_minor=0), provider)) == OrderState.COMPLETED


def test_the_clocks_own_charges_are_not_looked_at(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    assert state_of(paid(cast, provider, channel="sweep")) == OrderState.COMPLETED


def due(cast: Cast, state: str, step: Step, now: datetime) -> None:
    """The line's phase is over at `now`, and its holder knew."""
    since = {"active": None, "grace": now - 30 * DAY, "suspended": now - 60 * DAY}[state]
    Validity.objects.filter(id=cast.line.id).update(
        state=state, since_at=since, next_step=step, next_action_at=now, warned_at=now + DAY
    )


@pytest.mark.parametrize(
    ("state", "step", "cut"),
    [
        ("active", Step.EXPIRE, "expired"),
        ("grace", Step.SUSPEND, "grace_over"),
        ("suspended", Step.WITHDRAW, "withdrawn"),
    ],
)
@pytest.mark.parametrize("kind", ["renewal", "top_up"])
def test_no_line_dies_while_a_payment_waits(
    kind: str, state: str, step: Step, cut: str, provider: FakeProvider
) -> None:
    cast = assemble(wallet_minor=0, line_fields={"valid_until": NOW + HOUR})
    order_id = paid(cast, provider) if kind == "renewal" else topped_up(cast, provider)
    now = NOW + 20 * HOUR
    due(cast, state, step, now)
    assert sweep(now) == {"under_way": 1}
    row = Validity.objects.by_id(cast.line.id)
    assert (row.state, row.next_action_at) == (state, now + timedelta(minutes=15))
    refuse(order_id, "no", ANNA, now)
    work_off(now)
    assert sweep(row.next_action_at)[cut] == 1, "it was the payment that kept it"


def test_a_line_that_waits_is_not_renewed_by_the_clock_as_well(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=1000, line_fields={"valid_until": NOW + DAY})
    paid(cast, provider, use_wallet="none")
    Validity.objects.filter(id=cast.line.id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=NOW
    )
    assert sweep(NOW) == {"under_way": 1}
    assert Extension.objects.filter(line_id=cast.line.id).count() == 1


def test_nothing_is_decided_that_does_not_wait(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=300)
    order_id = renew_line.start(request(cast), NOW).order_id
    for decide in (approve, refuse):
        with pytest.raises(FlowRefused, match="review_decided"):
            decide(order_id, "because", ANNA, NOW)
        with pytest.raises(FlowRefused, match="not_found"):
            decide(UUID(int=0), "because", ANNA, NOW)
    assert not AuditEvent.objects.filter(action="payment.reviewed").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_decides(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order_id = paid(cast, provider)
    answers = at_once(
        [
            lambda: approve(order_id, "", ANNA, NOW),
            lambda: refuse(order_id, "no", BERT, NOW),
            lambda: give_up(order_id, NOW + DAY),
        ]
    )
    work_off(NOW + DAY)
    assert AuditEvent.objects.filter(action="payment.reviewed").count() <= 1
    decided = [answer for answer in answers[:2] if not isinstance(answer, FlowRefused)]
    refused = [answer.code for answer in answers[:2] if isinstance(answer, FlowRefused)]
    assert (len(decided), set(refused)) in ((1, {"review_decided"}), (0, {"review_decided"}))
    served = state_of(order_id) == OrderState.COMPLETED
    assert (Payment.objects.get().refunded_minor == 0) == served
    assert wallet(cast) == ((0, 0) if served else (100, 0))


def test_what_waits_is_found_by_its_index(provider: FakeProvider) -> None:
    from keepline.orders.queries import IN_REVIEW

    cast = assemble(wallet_minor=0)
    paid(cast, provider)
    params: dict[str, Any] = {"slots": [cast.account.slot], "accounts": [cast.account.id]}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {IN_REVIEW}", params)
        explained = "\n".join(row[0] for row in cursor.fetchall())
    assert " order_in_review " in explained, explained
