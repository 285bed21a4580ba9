"""show_wallet: every page's running balance ends at the balance of the wallet."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from keepline.core import postings
from keepline.flows import renew_line, show_wallet
from keepline.flows.errors import FlowRefused
from keepline.ledger import queries as ledger_queries
from keepline.ledger import services as ledger
from keepline.slots.ids import new_id
from tests.cast import NOW, Cast, assemble, fill, plan
from tests.doubles import FakeProvider
from tests.flows.acts import pay_by_provider, request

pytestmark = pytest.mark.django_db


def deposits(stage: Cast, number: int) -> None:
    slot = stage.account.slot
    for place in range(number):
        draft = postings.opening_balance(new_id(slot), stage.wallet_id, 10 + place, "USD")
        # Two at one instant: pages must not lose or repeat one of them.
        ledger.book(slot, [draft], NOW + timedelta(seconds=place // 2))


def test_pages_follow_each_other_without_gap_or_overlap() -> None:
    stage = assemble(wallet_minor=1000)
    deposits(stage, 2 * show_wallet.PAGE + 3)
    renew_line.start(request(stage), NOW + timedelta(minutes=5))
    seen, cursor = [], None
    while True:
        view = show_wallet.show_wallet(stage.account.id, NOW, before=cursor)
        seen += [entry.movement for entry in view.entries]
        cursor = view.next_cursor
        if cursor is None:
            break
    assert len({m.id for m in seen}) == len(seen) == 2 * show_wallet.PAGE + 3 + 2
    assert seen[0].balance_after_minor == view.balance.posted_minor
    assert seen[0].amount_minor == -300
    for newer, older in pairwise(seen):
        assert newer.balance_after_minor == older.balance_after_minor + newer.amount_minor
    assert seen[-1].balance_after_minor == seen[-1].amount_minor


def test_a_hold_is_set_aside_and_is_no_movement(provider: FakeProvider) -> None:
    stage = assemble(wallet_minor=100, delivery="network")
    pay_by_provider(stage, provider)
    view = show_wallet.show_wallet(stage.account.id, NOW)
    assert (view.balance.posted_minor, view.balance.pending_minor) == (300, 300)
    assert [entry.movement.amount_minor for entry in view.entries] == [200, 100]


def test_a_movement_says_what_it_was_for() -> None:
    stage = assemble()
    order_id = renew_line.start(request(stage), NOW + timedelta(minutes=1)).order_id
    newest = show_wallet.show_wallet(stage.account.id, NOW).entries[0]
    assert (newest.order_id, newest.order_kind) == (order_id, "renewal")


def test_a_currency_on_sale_without_a_wallet_is_empty() -> None:
    stage = assemble()
    with pytest.raises(FlowRefused, match="not_found"):
        show_wallet.show_wallet(stage.account.id, NOW, "EUR")
    plan("in-euro", currency="EUR")
    view = show_wallet.show_wallet(stage.account.id, NOW, "EUR")
    assert (view.balance.currency, view.balance.posted_minor) == ("EUR", 0)
    assert view.entries == []
    assert [wallet.currency for wallet in view.others] == ["USD"]


def test_a_wallet_in_a_currency_of_which_nothing_is_sold_is_shown() -> None:
    stage = assemble()
    ledger.open_house_accounts(["JPY"], [])
    fill(ledger.open_wallet(stage.account.id, "JPY").id, 450, "JPY")
    view = show_wallet.show_wallet(stage.account.id, NOW, "JPY")
    assert (view.balance.currency, view.balance.posted_minor) == ("JPY", 450)


@pytest.mark.parametrize("movements", [2, 20])
def test_queries_do_not_grow_with_the_statement(
    movements: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stage = assemble()
    deposits(stage, movements)
    renew_line.start(request(stage), NOW)
    # account, wallets, statement, orders, numbers; where the holder is at home
    with django_assert_num_queries(6):
        show_wallet.show_wallet(stage.account.id, NOW)


@pytest.mark.parametrize(
    ("way", "index"),
    [(postings.MONEY_IN, "transfer_money_in"), (postings.MONEY_OUT, "transfer_money_out")],
)
def test_the_statement_asks_for_money_as_the_index_has_it(way: frozenset[int], index: str) -> None:
    codes = ", ".join(str(code) for code in sorted(way))
    assert f"code IN ({codes})" in ledger_queries.STATEMENT
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = %s",
            [index],
        )
        (definition,) = cursor.fetchone()
    for code in way:
        assert str(code) in definition
