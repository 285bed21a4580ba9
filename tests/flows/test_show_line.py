"""show_line: one line with its history and orders, for its account alone."""

from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.flows import buy_line, renew_line
from keepline.flows.advance_order import advance
from keepline.flows.deliver_order import deliver
from keepline.flows.errors import FlowRefused
from keepline.flows.show_line import show_line
from keepline.lines import services as lines
from keepline.lines.models import Validity
from tests import cast
from tests.cast import NOW, assemble
from tests.doubles import ScriptedNetwork
from tests.flows.acts import request
from tests.flows.buying import request as bought_by
from tests.flows.buying import stocked

pytestmark = pytest.mark.django_db


def test_a_renewal_is_in_history_and_orders() -> None:
    stage = assemble()
    order_id = renew_line.start(request(stage), NOW).order_id
    view = show_line(stage.line.id, stage.account.id, NOW)
    newest = view.history[0]
    assert (newest.kind, newest.order_id) == ("extended", order_id)
    assert newest.period_end == view.card.valid_until
    assert [order.id for order in view.orders] == [order_id]  # not what the import brought


def test_a_revival_is_told_once() -> None:
    stage = assemble()
    expired = stage.line.id
    line = lines.lock_line(expired, stage.account.id)
    lines.transition(line, LineEvent.EXPIRE, "worker", "expired", NOW)
    later = NOW + timedelta(days=11)
    order_id = renew_line.start(request(stage), later).order_id
    deliver(order_id, later)  # its service had been cut: the network is told
    view = show_line(expired, stage.account.id, later)
    assert view.card.state == LineState.ACTIVE
    told = [(entry.kind, entry.target) for entry in view.history]
    assert told == [("extended", ""), ("changed", "grace"), ("extended", "")]


def test_another_account_finds_nothing() -> None:
    stage = assemble()
    for line_id in (stage.line.id, uuid4()):
        with pytest.raises(FlowRefused, match="not_found"):
            show_line(line_id, stage.other_account.id, NOW)


@pytest.mark.parametrize("renewals", [1, 4])
def test_queries_do_not_grow_with_the_history(
    renewals: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stage = assemble(wallet_minor=5000)
    for number in range(renewals):
        renew_line.start(request(stage, key=f"key-000{number}"), NOW)
    cast.line(stage.account, stage.plan)
    # line, wallets, plans, policies, extensions, uses; history, reversals, events, its plans,
    # orders
    with django_assert_num_queries(11):
        show_line(stage.line.id, stage.account.id, NOW)


def test_what_is_still_being_bought_or_never_was_is_told_by_its_order(
    network: ScriptedNetwork,
) -> None:
    stage, *_ = stocked(smdp_address="a.b", matching_id="X")
    waiting = buy_line.start(bought_by(stage, use_wallet="none", provider="sandbox"), NOW).order
    network.script = ["refuse"]
    failed = buy_line.start(bought_by(stage, key="key-0002", e164=None), NOW).order
    for _ in range(3):  # refused, told back, let go
        advance(failed.id, "en", NOW)
    for order, state in ((waiting, LineState.RESERVED), (failed, LineState.TERMINATED)):
        assert Validity.objects.by_id(order.line_id).state == state
        with pytest.raises(FlowRefused, match="not_found"):
            show_line(order.line_id, stage.account.id, NOW)
