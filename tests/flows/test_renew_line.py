"""renew_line, through all its ways: wallet, provider, both; with and without the network."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from keepline.core.agenda import Step
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.deliver_order import deliver
from keepline.flows.errors import FlowRefused
from keepline.flows.sweep_lines import sweep
from keepline.ledger.models import Transfer
from keepline.lines.models import Extension, LineEvent, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from tests.cast import NOW, assemble
from tests.doubles import ScriptedNetwork
from tests.flows.acts import request, valid_until, wallet

pytestmark = pytest.mark.django_db


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


def test_the_ledger_sums_to_zero_and_wallets_equal_their_transfers() -> None:
    from keepline.core.postings import fold_balances

    cast = assemble()
    renew_line.start(request(cast), NOW)
    balances = fold_balances(Transfer.objects.all())
    assert sum(b.posted_minor for b in balances.values()) == 0
    assert balances[cast.wallet_id].posted_minor == wallet(cast)[0]


def test_two_who_renew_at_the_same_moment_renew_once() -> None:
    cast = assemble(line_fields={"valid_until": NOW})
    Validity.objects.filter(id=cast.line.id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=NOW
    )
    seen = valid_until(cast)
    assert sweep(NOW)["renewed"] == 1
    by_itself = valid_until(cast)
    with pytest.raises(FlowRefused, match="line_changed"):
        renew_line.start(request(cast, expected_valid_until=seen), NOW)
    assert (valid_until(cast), wallet(cast)) == (by_itself, (700, 0))
    # Whoever has seen the new expiry and wants one more term gets it, with the same key.
    order = renew_line.start(request(cast, expected_valid_until=by_itself), NOW)
    assert (order.first, wallet(cast)) == (True, (400, 0))
    assert not renew_line.start(request(cast, expected_valid_until=by_itself), NOW).first
    assert not renew_line.start(request(cast, expected_valid_until=valid_until(cast)), NOW).first
    assert wallet(cast) == (400, 0)


def test_nobody_renews_beside_a_renewal_by_itself_that_waits_for_the_network(
    network: ScriptedNetwork,
) -> None:
    cast = assemble(wallet_minor=1000, line_fields={"valid_until": NOW}, delivery="network")
    Validity.objects.filter(id=cast.line.id).update(
        auto_renew=True, next_step=Step.RENEW_ALONE, next_action_at=NOW
    )
    seen = valid_until(cast)
    assert sweep(NOW)["renewed"] == 1
    for asked in (request(cast), request(cast, expected_valid_until=seen)):
        with pytest.raises(FlowRefused, match="renewal_under_way"):
            renew_line.start(asked, NOW)
    with pytest.raises(FlowRefused, match="renewal_under_way"):
        renew_line.preview(cast.account.id, cast.line.id, cast.plan.code, "USD", "part", NOW)
    assert wallet(cast) == (1000, 300)
    order = Order.objects.get(line_id=cast.line.id, channel="sweep")
    assert deliver(order.id, NOW) is OrderState.COMPLETED
    assert renew_line.start(request(cast), NOW).first
