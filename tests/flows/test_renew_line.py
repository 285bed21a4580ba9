"""renew_line, through all its ways: wallet, provider, both; with and without the network."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import settle
from keepline.ledger.models import Transfer, Wallet
from keepline.lines.models import Extension, LineEvent, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork

pytestmark = pytest.mark.django_db


def request(cast: Cast, **changes: Any) -> renew_line.RenewalRequest:
    values: dict[str, Any] = {
        "account_id": cast.account.id,
        "line_id": cast.line.id,
        "plan_code": cast.plan.code,
        "currency": "USD",
        "use_wallet": "part",
        "provider": None,
        "key": "key-0001",
        "expected_total_minor": None,
        "actor": "user:1",
        "channel": "portal",
    }
    return renew_line.RenewalRequest(**(values | changes))


def valid_until(cast: Cast) -> datetime:
    found = Validity.objects.by_id(cast.line.id).valid_until
    assert found is not None
    return found


def wallet(cast: Cast) -> tuple[int, int]:
    row: Wallet = Wallet.objects.by_id(cast.wallet_id)
    return row.posted_minor, row.pending_minor


def test_paid_from_the_wallet_is_over_at_once() -> None:
    cast = assemble(wallet_minor=1000)
    before = valid_until(cast)
    started = renew_line.start(request(cast), NOW)
    assert started.state is OrderState.COMPLETED
    assert valid_until(cast) == datetime.fromisoformat("2026-04-20T11:00:00+00:00")  # DST
    assert wallet(cast) == (700, 0)
    order = Order.objects.by_id(started.order_id)
    assert (order.valid_until_before, order.total_minor) == (before, 300)
    assert Extension.objects.filter(order_id=order.id).count() == 1
    assert Outbox.objects.get(order_id=order.id).kind == "line.renewed"
    assert not LineEvent.objects.exists()  # active -> active: the extension is the history


def test_the_same_key_is_the_same_order() -> None:
    cast = assemble()
    first = renew_line.start(request(cast), NOW)
    again = renew_line.start(request(cast), NOW + timedelta(minutes=1))
    assert (again.order_id, again.state, again.first) == (first.order_id, first.state, False)
    assert wallet(cast) == (700, 0)


def test_the_same_key_for_another_body_is_refused() -> None:
    cast = assemble()
    renew_line.start(request(cast), NOW)
    with pytest.raises(FlowRefused, match="key_reused"):
        renew_line.start(request(cast, expected_total_minor=300), NOW)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expected_total_minor": 299}, "price_changed"),
        ({"plan_code": "no-such-plan"}, "plan_not_for_line"),
        ({"currency": "EUR"}, "plan_not_for_line"),
        ({"provider": "nobody"}, "provider_unknown"),
        ({"use_wallet": "none"}, "wallet_short"),
    ],
)
def test_a_refusal_changes_nothing(changes: dict[str, Any], code: str) -> None:
    cast = assemble()
    with pytest.raises(FlowRefused, match=code):
        renew_line.start(request(cast, **changes), NOW)
    assert wallet(cast) == (1000, 0)
    assert not Order.objects.exclude(kind="opening").exists()


def test_a_strangers_line_is_not_there() -> None:
    cast = assemble()
    with pytest.raises(FlowRefused, match="not_found"):
        renew_line.start(request(cast, account_id=cast.other_account.id), NOW)


def test_provider_and_wallet_pay_a_part_each(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    assert (started.state, started.needs_payment) == (OrderState.ACKNOWLEDGED, True)
    assert wallet(cast) == (100, 100)
    assert open_payment(started.order_id, "en", NOW)
    payment = Payment.objects.get(order_id=started.order_id)
    assert payment.amount_minor == 200
    provider.pay(payment.id)
    assert settle(started.order_id, NOW + timedelta(minutes=2)) is OrderState.COMPLETED
    assert settle(started.order_id, NOW + timedelta(hours=3)) is OrderState.COMPLETED
    assert wallet(cast) == (0, 0)
    assert Extension.objects.filter(order_id=started.order_id).count() == 1


def test_what_is_declined_gives_the_wallets_part_free(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    provider.decline(Payment.objects.get(order_id=started.order_id).id)
    assert settle(started.order_id, NOW) is OrderState.CANCELLED
    assert wallet(cast) == (100, 0)


def test_in_grace_the_network_is_told_and_the_line_comes_back(network: ScriptedNetwork) -> None:
    cast = assemble()
    Validity.objects.filter(id=cast.line.id).update(
        state=LineState.GRACE, valid_until=NOW - timedelta(days=3)
    )
    started = renew_line.start(request(cast), NOW)
    assert started.state is OrderState.IN_PROGRESS
    assert wallet(cast) == (1000, 300)
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED
    row = Validity.objects.by_id(cast.line.id)
    assert row.state == LineState.ACTIVE
    assert row.valid_until == datetime.fromisoformat("2026-04-10T11:00:00+00:00")
    assert wallet(cast) == (700, 0)
    assert network.lines[str(cast.line.id)].valid_until == row.valid_until
    assert LineEvent.objects.get(line_id=cast.line.id).target == "active"


def test_a_refusal_of_the_network_gives_the_money_back(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["refuse"]
    order_id = pay_by_provider(cast, provider)
    assert advance(order_id, "en", NOW) is OrderState.FAILED
    assert wallet(cast) == (100, 0)
    assert Payment.objects.get(order_id=order_id).state == PaymentState.REFUNDING
    advance(order_id, "en", NOW)
    payment = Payment.objects.get(order_id=order_id)
    assert (payment.state, payment.refunded_minor) == (PaymentState.REFUNDED, 200)
    assert Order.objects.by_id(order_id).next_action_at is None
    assert not Extension.objects.filter(order_id=order_id).exists()


def test_a_silent_network_is_asked_later(network: ScriptedNetwork, provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["mute"]
    order_id = pay_by_provider(cast, provider)
    assert advance(order_id, "en", NOW) is OrderState.HELD
    assert advance(order_id, "en", NOW + timedelta(seconds=10)) is OrderState.COMPLETED


def test_the_promise_is_kept_and_a_late_applied_undone(
    network: ScriptedNetwork, provider: FakeProvider
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["mute"]
    order_id = pay_by_provider(cast, provider)
    advance(order_id, "en", NOW)
    network.deaf = True
    late = NOW + timedelta(minutes=11)
    assert advance(order_id, "en", late) is OrderState.WITHDRAWN
    assert wallet(cast) == (100, 0)
    advance(order_id, "en", late)  # refunded, but the network is still deaf
    assert Order.objects.by_id(order_id).undo_due
    network.deaf = False
    advance(order_id, "en", late + timedelta(minutes=5))
    order = Order.objects.by_id(order_id)
    assert (order.undo_due, order.next_action_at) == (False, None)
    assert network.lines == {}
    assert Payment.objects.get(order_id=order_id).state == PaymentState.REFUNDED


def pay_by_provider(cast: Cast, provider: FakeProvider) -> Any:
    """A renewal whose provider's part is captured and which waits for the network."""
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    provider.pay(Payment.objects.get(order_id=started.order_id).id)
    assert settle(started.order_id, NOW) is OrderState.IN_PROGRESS
    return started.order_id


def test_the_ledger_sums_to_zero_and_wallets_equal_their_transfers() -> None:
    from keepline.core.postings import fold_balances

    cast = assemble()
    renew_line.start(request(cast), NOW)
    balances = fold_balances(Transfer.objects.all())
    assert sum(b.posted_minor for b in balances.values()) == 0
    assert balances[cast.wallet_id].posted_minor == wallet(cast)[0]
