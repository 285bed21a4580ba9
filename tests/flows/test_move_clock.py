"""move_clock: time passes for those who live by the clock, step by step, and for nobody else."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from keepline.accounts import clocks
from keepline.accounts.clocks import ClockRefused
from keepline.audit.models import AuditEvent
from keepline.core.agenda import Step
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.flows import move_clock as moving
from keepline.flows import top_up_wallet
from keepline.flows.advance_order import advance
from keepline.flows.attach_clock import attach_clock
from keepline.flows.audit_books import audit
from keepline.flows.move_clock import move_clock
from keepline.flows.open_clock import open_clock
from keepline.flows.open_payment import open_payment
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.sweep_lines import sweep
from keepline.inventory import services as inventory
from keepline.inventory.models import Number
from keepline.ledger.models import Wallet
from keepline.lines.models import Extension, LineEvent, Validity
from keepline.messages import services as outbox
from keepline.messages.models import Delivery, Outbox
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import services as payments
from keepline.workers import due
from tests import cast as stage
from tests.cast import NOW
from tests.doubles import FakeProvider, Mailbox
from tests.flows.at_once import at_once
from tests.telling import tell

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def work_off(clock_id: int, now: datetime) -> int:
    """What a worker does, in this thread."""
    steps = 0
    while claimed := orders.claim_due(now, 32, clock_id=clock_id):
        steps += len([advance(order_id, "en", now) for order_id in claimed])
    return steps + tell(now, clock_id)


def on_clock(auto_renew: bool = True, **fields: Any) -> stage.Cast:
    """Alice and her line on the clock `spring`, which shows NOW."""
    cast = stage.assemble(**fields)
    Validity.objects.filter(id=cast.line.id).update(
        auto_renew=auto_renew, next_step=Step.REMIND, next_action_at=NOW + 3 * DAY
    )
    open_clock("spring", NOW, "cli", NOW)
    attach_clock("spring", cast.account.id, "cli", NOW)
    return cast


def move(reach: datetime | timedelta) -> datetime:
    return move_clock("spring", reach, "cli", NOW, work_off)


def validity(cast: stage.Cast) -> Validity:
    found: Validity = Validity.objects.by_id(cast.line.id)
    return found


def test_a_year_renews_month_by_month_from_the_wallet() -> None:
    cast = on_clock(wallet_minor=10_000)
    reached = move(365 * DAY)
    assert reached == NOW + 365 * DAY == clocks.clock("spring").now_at
    assert validity(cast).state == LineState.ACTIVE
    renewed = Extension.objects.filter(line_id=cast.line.id).order_by("period_start")
    assert renewed.count() == 13
    for before, after in pairwise(renewed):
        assert after.period_start == before.period_end
        # Three days ahead of each expiry, within the hour: no outage.
        assert timedelta() <= after.granted_at - (before.period_end - 3 * DAY) <= timedelta(hours=1)
    assert AuditEvent.objects.get(action="clock.moved").facts["to"] == reached.isoformat()
    assert audit(NOW) == []


def test_reminders_and_phases_come_at_their_time(mailbox: Mailbox) -> None:
    cast = on_clock(auto_renew=False)
    expires_at = validity(cast).valid_until
    assert expires_at is not None
    move(NOW + 400 * DAY)
    events = LineEvent.objects.filter(line_id=cast.line.id).order_by("occurred_at")
    days = [(e.target, (e.occurred_at - expires_at).days) for e in events]
    assert days == [("grace", 0), ("suspended", 30), ("terminated", 90)]
    told = Outbox.objects.filter(line_id=cast.line.id).order_by("occurred_at")
    near = [(e.occurred_at - expires_at).days for e in told if e.kind == "line.expiry_near"]
    assert near == [-7, -3, -1]
    sent = Delivery.objects.filter(line_id=cast.line.id, outcome="sent")
    assert len(mailbox.sent) == sent.count() == told.count()


def test_a_short_wallet_is_tried_again_at_the_clocks_time() -> None:
    cast = on_clock(wallet_minor=0)
    expires_at = validity(cast).valid_until
    assert expires_at is not None
    move(expires_at + 2 * DAY)
    failed = Outbox.objects.filter(kind="line.renewal_failed").order_by("occurred_at")
    assert [(e.occurred_at - expires_at).days for e in failed] == [-3, -2, -1, 0, 1]
    stage.fill(cast.wallet_id, 300)
    move(expires_at + 4 * DAY)
    assert validity(cast).state == LineState.ACTIVE
    assert Order.objects.get(kind="renewal").accepted_at == expires_at + 3 * DAY


def test_a_payment_follows_the_clock_whichever_road_it_takes(provider: FakeProvider) -> None:
    cast = on_clock(wallet_minor=0)
    shown_at = move(200 * DAY)
    asked = top_up_wallet.TopUpRequest(
        cast.account.id, 900, "USD", "sandbox", "key-00000001", "user:1", "portal"
    )
    started = top_up_wallet.start(asked, shown_at)
    open_payment(started.order_id, "en", shown_at)
    payment_id = payments.payment_id_of(started.order_id)
    provider.pay(payment_id)
    body = f"evt_1 {payment_id}".encode()
    receive_webhook("sandbox", {"X-Good": "yes"}, body, NOW)  # signed in real time
    order = Order.objects.by_id(started.order_id)
    assert order.next_action_at == shown_at, "due at what the clock shows, not 200 days ago"
    assert orders.claim_due(NOW + 300 * DAY, 10) == [], "no business of real time"
    assert move(timedelta(seconds=1)) == shown_at + timedelta(seconds=1)
    order = Order.objects.by_id(started.order_id)
    assert (order.state, order.completed_at) == (OrderState.COMPLETED, shown_at)
    assert Wallet.objects.by_id(cast.wallet_id).posted_minor == 900


def test_an_unpaid_checkout_is_closed_an_hour_later(provider: FakeProvider) -> None:
    cast = on_clock(wallet_minor=0)
    asked = top_up_wallet.TopUpRequest(
        cast.account.id, 900, "USD", "sandbox", "key-00000001", "user:1", "portal"
    )
    started = top_up_wallet.start(asked, NOW)
    open_payment(started.order_id, "en", NOW)
    move(DAY)
    order = Order.objects.by_id(started.order_id)
    assert order.state == OrderState.CANCELLED
    assert timedelta(hours=1) <= order.completed_at - NOW <= timedelta(hours=1, minutes=15)


def test_real_time_and_the_clock_leave_each_other_alone() -> None:
    cast = on_clock(wallet_minor=5000)
    real = stage.line(cast.other_account, cast.plan)
    stage.fill(Validity.objects.by_id(real.id).wallet_id, 5000)
    Validity.objects.filter(id=real.id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=NOW + 7 * DAY
    )
    before = Validity.objects.filter(id=real.id).values().get()
    move(100 * DAY)
    assert Validity.objects.filter(id=real.id).values().get() == before
    assert Outbox.objects.filter(account_id=cast.other_account.id).count() == 0
    before = Validity.objects.filter(id=cast.line.id).values().get()
    assert sweep(NOW + 7 * DAY)["renewed"] == 1, "the real one"
    sweep(NOW + 900 * DAY)
    assert Validity.objects.filter(id=cast.line.id).values().get() == before
    assert outbox.take_due(NOW + 900 * DAY, 100) != []
    assert Outbox.objects.filter(account_id=cast.account.id, due_at__isnull=False).count() == 0


@pytest.mark.books_broken
def test_numbers_rest_by_their_last_holders_clock() -> None:
    cast = on_clock()
    for e164, holder in ((447911000001, cast.account), (447911000002, cast.other_account)):
        inventory.add_numbers([e164], NOW)
        line = stage.line(holder, cast.plan, e164=e164)
        inventory.assign(e164, holder.id, line.id, NOW - DAY)
        Validity.objects.filter(id=line.id).delete()  # the number alone is looked at here
        inventory.lock_numbers([e164])
        ends = inventory.Withdrawal(e164, NOW + 10 * DAY, NOW + 5 * DAY)
        inventory.withdraw_all([ends], NOW)

    def states() -> list[str]:
        return list(Number.objects.order_by("e164").values_list("state", flat=True))

    move(9 * DAY)
    assert states() == ["quarantine", "quarantine"]
    move(2 * DAY)
    assert states() == ["available", "quarantine"]
    again = {"state": "quarantine", "until_at": NOW + 20 * DAY, "account_id": cast.account.id}
    Number.objects.filter(e164=447911000001).update(**again)
    sweep(NOW + 30 * DAY)
    assert states() == ["quarantine", "available"]


def test_never_backwards() -> None:
    on_clock()
    move(10 * DAY)
    with pytest.raises(ClockRefused, match="time goes one way"):
        move(NOW + 9 * DAY)
    assert clocks.clock("spring").now_at == NOW + 10 * DAY


def test_production_refuses(settings: Any) -> None:
    cast = on_clock()
    settings.PRODUCTION = True
    with pytest.raises(ClockRefused, match="production"):
        move(DAY)
    assert clocks.now_for(cast.account.id, NOW - DAY) == NOW - DAY
    settings.PRODUCTION = False
    assert clocks.clock("spring").now_at == NOW


def test_who_died_on_the_way_goes_on_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = on_clock(wallet_minor=10_000)
    reached: list[datetime] = []

    def dies_at_the_third(now: datetime, *rest: Any) -> Any:
        reached.append(now)
        if len(reached) == 3:
            raise KeyboardInterrupt
        return sweep(now, *rest)

    monkeypatch.setattr(moving, "sweep", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        move(60 * DAY)
    assert NOW < reached[-1] == clocks.clock("spring").now_at < NOW + 60 * DAY
    monkeypatch.undo()
    move(NOW + 60 * DAY)
    granted = Extension.objects.filter(line_id=cast.line.id).order_by("granted_at")
    days = [(one.granted_at - NOW).days for one in granted]
    assert days == [-20, 7, 37], "as if nobody had died"


@pytest.mark.books_broken
def test_something_that_nobody_can_do_does_not_stop_time() -> None:
    cast = on_clock()
    Validity.objects.filter(id=cast.line.id).update(next_step=99, next_action_at=NOW)
    Validity.objects.filter(id=cast.line.id).update(next_step=Step.RENEW, state="reserved")
    assert move(2 * DAY) == NOW + 2 * DAY


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_nothing_twice(provider: FakeProvider) -> None:
    cast = on_clock(wallet_minor=10_000)
    until = NOW + 90 * DAY
    answers = at_once([lambda: move_clock("spring", until, "cli", NOW, work_off)] * 2)
    assert all(isinstance(each, datetime | ClockRefused) for each in answers), answers
    assert until in answers
    assert Extension.objects.filter(line_id=cast.line.id).count() == 4
    assert Outbox.objects.filter(kind="line.renewed").count() == 3
    assert audit(NOW) == []


@pytest.mark.django_db(transaction=True)
def test_workers_work_at_what_the_clock_shows_and_not_while_it_moves() -> None:
    cast = on_clock(wallet_minor=10_000)
    clock = clocks.clock("spring")
    Validity.objects.filter(id=cast.line.id).update(next_step=Step.RENEW, next_action_at=NOW)

    def look() -> int:
        return due.sweep_lines(lambda: NOW - 400 * DAY)

    with clocks.alone(clock):
        assert at_once([look]) == [0]
    assert at_once([look]) == [1]
    assert Extension.objects.filter(granted_at=NOW).count() == 1
