"""A line whose wallet is short is paid by the method its holder chose, once, or not at all."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from keepline.core.agenda import Step
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.flows.forget_method import forget
from keepline.flows.set_auto_renew import set_auto_renew
from keepline.flows.settle_payment import CHARGED_FOR, settle
from keepline.flows.sweep_lines import sweep
from keepline.gateways import switchboard
from keepline.gateways.payments.bulkhead import Bulkhead
from keepline.gateways.payments.port import DeclineKind
from keepline.lines.models import Line, Validity
from keepline.messages.models import Outbox
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments.models import Payment, SavedMethod
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import request, valid_until, wallet
from tests.flows.test_set_auto_renew import wish
from tests.saved import charged_for, saved

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def short(provider: FakeProvider, wallet_minor: int = 100) -> tuple[Cast, UUID]:
    """A line for 3.00 that is first tried today, with 1.00 in the wallet and a saved card."""
    cast = assemble(wallet_minor=wallet_minor, line_fields={"valid_until": NOW + 3 * DAY})
    Validity.objects.filter(id=cast.line.id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=NOW
    )
    method_id = saved(cast, provider)
    charged_for(cast, method_id)
    return cast, method_id


def order_of(cast: Cast) -> Order:
    row: Order = Order.objects.get(line_id=cast.line.id, kind="renewal")
    return row


def told(cast: Cast) -> list[str]:
    return list(Outbox.objects.filter(line_id=cast.line.id).values_list("kind", flat=True))


def test_the_card_pays_what_the_wallet_lacks(provider: FakeProvider) -> None:
    cast, _ = short(provider)
    assert sweep(NOW) == {"alone": 1, "renewed": 1}  # handed on, then ordered
    order = order_of(cast)
    assert (order.wallet_minor, order.payment_minor) == (100, 200)
    assert provider.charges == {}  # not inside the sweep's transaction
    assert wallet(cast) == (100, 100)
    assert advance(order.id, "en", NOW) is OrderState.COMPLETED
    [charge] = provider.charges.values()
    assert (charge.amount_minor, charge.currency) == (200, "USD")
    assert wallet(cast) == (0, 0)
    assert valid_until(cast) > NOW
    assert told(cast) == ["line.renewed"]


def test_tries_that_an_outage_piled_up_are_one_charge(provider: FakeProvider) -> None:
    """Two days away: the tries of yesterday and today are not made one after the other."""
    cast, _ = short(provider)
    provider.declines = ["retry", "retry", "retry"]
    back = NOW + 2 * DAY + timedelta(hours=5)
    for minutes in range(0, 60, 15):
        at = back + timedelta(minutes=minutes)
        sweep(at)
        for order in Order.objects.filter(next_action_at__isnull=False):
            advance(order.id, "en", at)
    assert len(provider.declines) == 2
    assert told(cast) == ["line.charge_failed"]
    assert Validity.objects.by_id(cast.line.id).next_action_at == NOW + 3 * DAY


def test_a_wallet_that_suffices_is_asked_first(provider: FakeProvider) -> None:
    cast, _ = short(provider, wallet_minor=300)
    assert sweep(NOW) == {"renewed": 1}
    assert provider.charges == {}
    assert wallet(cast) == (0, 0)


def test_without_the_holders_word_no_card_is_charged(provider: FakeProvider) -> None:
    cast, _ = short(provider)
    Line.objects.update(method_id=None)
    assert sweep(NOW) == {"short": 1}
    assert not Payment.objects.exists()
    assert told(cast) == ["line.renewal_failed"]


@pytest.mark.parametrize(
    ("kind", "news", "state"),
    [
        ("retry", "line.charge_failed", "stored"),
        ("final", "line.charge_failed", "refused"),
        ("approval", "line.approval_needed", "stored"),
    ],
)
def test_a_decline_costs_nothing_and_is_told(
    provider: FakeProvider, kind: DeclineKind, news: str, state: str
) -> None:
    cast, method_id = short(provider)
    provider.declines = [kind]
    sweep(NOW)
    assert advance(order_of(cast).id, "en", NOW) is OrderState.CANCELLED
    assert wallet(cast) == (100, 0)
    assert told(cast) == [news]
    assert SavedMethod.objects.by_id(method_id).state == state
    row = Validity.objects.by_id(cast.line.id)
    assert row.auto_renew  # never switched off by a failure
    assert (row.next_step, row.next_action_at) == (Step.RENEW, NOW + DAY)
    sweep(NOW + DAY)
    assert Payment.objects.count() == (1 if kind == "final" else 2)


def test_a_lost_answer_is_asked_by_charging_again_under_the_same_key(
    provider: FakeProvider,
) -> None:
    cast, _ = short(provider)
    sweep(NOW)
    order = order_of(cast)
    provider.silent = 3
    for _ in range(3):
        assert advance(order.id, "en", NOW) is OrderState.ACKNOWLEDGED
    assert advance(order.id, "en", NOW) is OrderState.COMPLETED
    assert len(provider.charges) == 1
    assert sum(status.captured_minor for status in provider.payments.values()) == 200


def silent_for(order: Order, provider: FakeProvider, duration: timedelta) -> datetime:
    """Workers ask whenever the order is due; when the provider is first asked after its return."""
    due_at, provider.silent = NOW, 1000
    while due_at <= NOW + duration:
        assert advance(order.id, "en", due_at) is OrderState.ACKNOWLEDGED
        found = Order.objects.by_id(order.id).next_action_at
        assert found is not None
        assert due_at < found
        due_at = found
    provider.silent = 0
    return due_at


def test_a_provider_away_for_seventy_minutes_is_asked_soon_after(provider: FakeProvider) -> None:
    cast, _ = short(provider)
    sweep(NOW)
    order = order_of(cast)
    asked_at = silent_for(order, provider, timedelta(minutes=70))
    assert asked_at <= NOW + timedelta(minutes=130)
    assert advance(order.id, "en", asked_at) is OrderState.COMPLETED
    assert len(provider.charges) == 1
    assert wallet(cast) == (0, 0)


def test_a_charge_is_closed_as_soon_as_its_time_is_over(provider: FakeProvider) -> None:
    """Not a day later: keys may be forgotten by then."""
    cast, _ = short(provider)
    sweep(NOW)
    order = order_of(cast)
    asked_at = silent_for(order, provider, CHARGED_FOR)
    assert asked_at <= NOW + CHARGED_FOR + timedelta(seconds=1)
    provider.payments.clear()  # it never came there
    assert advance(order.id, "en", asked_at) is OrderState.CANCELLED
    assert wallet(cast) == (100, 0)


def test_a_provider_away_for_hours_is_given_up_with_the_hold(provider: FakeProvider) -> None:
    cast, _ = short(provider)
    sweep(NOW)
    order = order_of(cast)
    late = NOW + CHARGED_FOR + DAY
    assert advance(order.id, "en", late) is OrderState.CANCELLED
    assert provider.charges == {}
    assert wallet(cast) == (100, 0)


def test_a_removed_card_is_not_charged_for_an_order_that_waits(provider: FakeProvider) -> None:
    cast, method_id = short(provider)
    sweep(NOW)
    forget(method_id, cast.account.id, "user:1", NOW)
    assert advance(order_of(cast).id, "en", NOW) is OrderState.CANCELLED
    assert provider.charges == {}
    assert wallet(cast) == (100, 0)


def test_a_card_removed_after_its_charge_was_sent_still_pays(provider: FakeProvider) -> None:
    cast, method_id = short(provider)
    sweep(NOW)
    order = order_of(cast)
    provider.silent = 1
    advance(order.id, "en", NOW)  # taken, and the answer lost
    forget(method_id, cast.account.id, "user:1", NOW)
    assert advance(order.id, "en", NOW) is OrderState.COMPLETED
    assert len(provider.charges) == 1


def test_a_removed_card_is_not_charged_by_a_call_that_was_never_sent(
    provider: FakeProvider,
) -> None:
    """All places before the provider were taken, which looks like any silence."""
    cast, method_id = short(provider)
    sweep(NOW)
    order = order_of(cast)
    full = Bulkhead(provider, at_once=1, wait_s=0.001)
    switchboard.connect("payments:sandbox", lambda: full)
    with full._places:
        assert advance(order.id, "en", NOW) is OrderState.ACKNOWLEDGED
    assert Payment.objects.get().asks == 1
    forget(method_id, cast.account.id, "user:1", NOW)
    assert advance(order.id, "en", NOW) is OrderState.CANCELLED
    assert provider.charges == {}
    assert (Payment.objects.get().state, wallet(cast)) == ("declined", (100, 0))


@pytest.mark.parametrize("sent", [True, False])
def test_where_books_are_late_a_removed_card_is_asked_about_until_they_are_not(
    provider: FakeProvider, sent: bool
) -> None:
    cast, method_id = short(provider)
    sweep(NOW)
    order = order_of(cast)
    provider.finds_charges, provider.books_are_late = False, True
    if sent:
        provider.silent = 1
        advance(order.id, "en", NOW)  # taken, and the answer lost
    forget(method_id, cast.account.id, "user:1", NOW)
    for hour in (0, 1, 4):
        at = NOW + timedelta(hours=hour)
        assert advance(order.id, "en", at) is OrderState.ACKNOWLEDGED, "nobody knows"
    provider.books_are_late = False
    ended = advance(order.id, "en", NOW + CHARGED_FOR + timedelta(seconds=1))
    assert ended is (OrderState.COMPLETED if sent else OrderState.CANCELLED)
    assert len(provider.charges) == int(sent)
    assert wallet(cast) == ((0, 0) if sent else (100, 0))


def test_nobody_renews_by_hand_beside_the_charge(provider: FakeProvider) -> None:
    cast, _ = short(provider)
    sweep(NOW)
    with pytest.raises(FlowRefused, match="renewal_under_way"):
        renew_line.start(request(cast, provider="sandbox"), NOW)


def test_a_line_is_tried_once_while_its_order_waits(provider: FakeProvider) -> None:
    cast, _ = short(provider)
    sweep(NOW)
    Validity.objects.filter(id=cast.line.id).update(next_step=Step.RENEW, next_action_at=NOW)
    assert sweep(NOW) == {"under_way": 1}
    assert Order.objects.filter(line_id=cast.line.id, kind="renewal").count() == 1


def test_the_holder_pays_with_it_by_hand(provider: FakeProvider) -> None:
    cast, method_id = short(provider)
    asked = request(cast, provider="sandbox", method_id=method_id, use_wallet="none")
    started = renew_line.start(asked, NOW)
    assert orders.claim_due(NOW, 10) == [started.order_id]  # due at once, whoever comes first
    assert settle(started.order_id, NOW) is OrderState.COMPLETED
    assert renew_line.start(asked, NOW).order_id == started.order_id
    assert len(provider.charges) == 1
    assert wallet(cast) == (100, 0)


def test_a_declined_charge_by_hand_is_told_as_such(provider: FakeProvider) -> None:
    cast, method_id = short(provider)
    provider.declines = ["approval"]
    asked = request(cast, provider="sandbox", method_id=method_id, use_wallet="none")
    started = renew_line.start(asked, NOW)
    assert settle(started.order_id, NOW) is OrderState.CANCELLED
    assert order_of(cast).failure_code == "approval_needed"
    assert told(cast) == ["order.cancelled"]


@pytest.mark.parametrize("whose", ["anothers", "forgotten", "nobodys"])
def test_only_ones_own_method_that_works_is_charged(provider: FakeProvider, whose: str) -> None:
    cast, method_id = short(provider)
    Line.objects.update(method_id=None)
    if whose == "forgotten":
        forget(method_id, cast.account.id, "user:1", NOW)
    if whose == "anothers":
        SavedMethod.objects.update(account_id=cast.other_account.id)
    if whose == "nobodys":
        method_id = cast.line.id
    asked = request(cast, provider="sandbox", method_id=method_id, use_wallet="none")
    with pytest.raises(FlowRefused, match="method_unusable"):
        renew_line.start(asked, NOW)
    with pytest.raises(FlowRefused, match="method_unusable"):
        set_auto_renew(wish(cast, method_id=method_id), NOW)
    assert not Order.objects.filter(line_id=cast.line.id, kind="renewal").exists()
    assert Line.objects.by_id(cast.line.id).method_id is None


def test_choosing_the_card_keeps_the_try_that_is_due(provider: FakeProvider) -> None:
    cast, method_id = short(provider)
    Line.objects.update(method_id=None)
    set_auto_renew(wish(cast, method_id=method_id), NOW)
    assert Line.objects.by_id(cast.line.id).method_id == method_id
    assert sweep(NOW) == {"alone": 1, "renewed": 1}
    set_auto_renew(wish(cast), NOW)
    assert Line.objects.by_id(cast.line.id).method_id is None
