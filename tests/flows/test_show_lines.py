"""show_lines: soonest expiry first, what is left, what happens next; never a query per line."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.catalog import queries as catalog
from keepline.core.lifecycle.line import LineState
from keepline.flows.show_lines import PAGE, NextAction, show_lines
from keepline.lines.models import Extension, Line, Validity
from keepline.usage.models import BucketUse
from tests import cast
from tests.cast import NOW, Cast, assemble

pytestmark = pytest.mark.django_db


def more(stage: Cast, **fields: Any) -> Line:
    return cast.line(stage.account, stage.plan, **fields)


def test_soonest_expiry_first_and_what_is_lost_last() -> None:
    stage = assemble()
    late = more(stage, valid_until=NOW + timedelta(days=100))
    grace = more(stage, valid_until=NOW - timedelta(days=2), state=LineState.GRACE)
    lost = more(stage, valid_until=NOW - timedelta(days=99), state=LineState.TERMINATED)
    cards = show_lines(stage.account.id, NOW).cards
    assert [c.line_id for c in cards] == [grace.id, stage.line.id, late.id, lost.id]


def test_nothing_of_another_account() -> None:
    stage = assemble()
    page = show_lines(stage.other_account.id, NOW)
    assert page.cards == []
    assert [wallet.posted_minor for wallet in page.wallets] == [0]


@pytest.mark.parametrize("extra", [0, 7])
def test_queries_do_not_grow_with_the_lines(
    extra: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stage = assemble()
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True)
    for _ in range(extra):
        more(stage, carrier_id=None)
    # lines, wallets, plans, policies, extensions, uses, prices of what renews by itself
    with django_assert_num_queries(7):
        assert len(show_lines(stage.account.id, NOW).cards) == 1 + extra


def test_buckets_are_live_extensions_less_use() -> None:
    stage = assemble(data_bytes=5_000, voice_seconds=None, sms_count=0)
    extension = Extension.objects.get(line_id=stage.line.id)
    BucketUse.objects.create(
        slot=extension.slot,
        id=extension.id,
        line_id=stage.line.id,
        data_bytes=1_200,
        voice_seconds=90,
        as_of_at=NOW,
    )
    data, voice = show_lines(stage.account.id, NOW).cards[0].buckets
    assert (data.kind, data.granted, data.used, data.left) == ("data", 5_000, 1_200, 3_800)
    assert (voice.kind, voice.granted, voice.used, voice.left) == ("voice", None, 90, None)
    after = NOW + timedelta(days=11)
    assert show_lines(stage.account.id, after).cards[0].buckets == []


@pytest.mark.parametrize(
    ("state", "ends_in_days", "kind", "after_days"),
    [
        (LineState.ACTIVE, 10, "runs_out", 10),
        (LineState.GRACE, -1, "suspends", 29),
        (LineState.SUSPENDED, -31, "withdrawn", 59),
        (LineState.TERMINATED, -91, "lost", 179),
    ],
)
def test_what_happens_next(state: LineState, ends_in_days: int, kind: Any, after_days: int) -> None:
    stage = assemble()
    valid_until = NOW + timedelta(days=ends_in_days)
    made = more(stage, state=state, valid_until=valid_until)
    cards = {c.line_id: c for c in show_lines(stage.account.id, NOW).cards}
    assert cards[made.id].next_action == NextAction(kind, NOW + timedelta(days=after_days))
    assert cards[made.id].renewable is (state is not LineState.TERMINATED)


def test_a_line_that_renews_by_itself_and_a_wallet_that_cannot_pay_for_it() -> None:
    stage = assemble(wallet_minor=100)
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True)
    page = show_lines(stage.account.id, NOW)
    assert page.cards[0].next_action.kind == "renews"
    [short] = page.shortfalls
    assert (short.currency, short.needed_minor, short.missing_minor) == ("USD", 300, 200)


def test_a_full_wallet_is_not_warned_of() -> None:
    stage = assemble(wallet_minor=300)
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True)
    assert show_lines(stage.account.id, NOW).shortfalls == []


@pytest.mark.parametrize(("days", "near"), [(7, True), (8, False)])
def test_near_expiry_says_so(days: int, near: bool) -> None:
    stage = assemble()
    made = more(stage, valid_until=NOW + timedelta(days=days))
    cards = {c.line_id: c for c in show_lines(stage.account.id, NOW).cards}
    assert cards[made.id].near_expiry is near
    assert cards[made.id].time_left == timedelta(days=days)


def test_pages() -> None:
    stage = assemble()
    for _ in range(PAGE):
        more(stage)
    first = show_lines(stage.account.id, NOW)
    assert (len(first.cards), first.next_offset) == (PAGE, PAGE)
    rest = show_lines(stage.account.id, NOW, PAGE)
    assert (len(rest.cards), rest.next_offset) == (1, None)
    seen = {c.line_id for c in [*first.cards, *rest.cards]}
    assert len(seen) == PAGE + 1


def test_a_dormant_line_has_no_clock() -> None:
    stage = assemble()
    Validity.objects.filter(id=stage.line.id).update(dormant=True)
    catalog.forget()
    assert show_lines(stage.account.id, NOW).cards[0].next_action == NextAction("dormant", None)
