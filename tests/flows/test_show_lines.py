"""show_lines: soonest expiry first, what is left, what happens next; never a query per line."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan
from keepline.core.agenda import Step
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
    made = more(stage, state=state, valid_until=valid_until, e164=442071838750)
    cards = {c.line_id: c for c in show_lines(stage.account.id, NOW).cards}
    assert cards[made.id].next_action == NextAction(kind, NOW + timedelta(days=after_days))
    assert cards[made.id].renewable is (state is not LineState.TERMINATED)


def test_a_line_that_renews_by_itself_and_a_wallet_that_cannot_pay_for_it() -> None:
    stage = assemble(wallet_minor=100)
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True)
    page = show_lines(stage.account.id, NOW)
    assert page.cards[0].next_action == NextAction("renews", NOW + timedelta(days=7))
    assert page.cards[0].auto_renew.short_minor == 200
    [short] = page.shortfalls
    assert (short.currency, short.needed_minor, short.missing_minor) == ("USD", 300, 200)


def test_the_day_of_the_next_try_is_the_holders() -> None:
    stage = assemble()
    tries = {None: 7, 3: 7, 1: 9, 0: 10}
    for lead_days, in_days in tries.items():
        Validity.objects.filter(id=stage.line.id).update(auto_renew=True, lead_days=lead_days)
        [card] = show_lines(stage.account.id, NOW).cards
        assert card.next_action == NextAction("renews", NOW + timedelta(days=in_days))


def test_a_try_that_is_planned_is_told_as_planned() -> None:
    stage = assemble()
    soon = NOW + timedelta(minutes=15)
    Validity.objects.filter(id=stage.line.id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=soon
    )
    assert show_lines(stage.account.id, NOW).cards[0].next_action == NextAction("renews", soon)


def test_in_grace_the_next_try_comes_first() -> None:
    stage = assemble()
    made = more(stage, state=LineState.GRACE, valid_until=NOW - timedelta(days=1, hours=1))
    Validity.objects.filter(id=made.id).update(auto_renew=True)
    cards = {c.line_id: c for c in show_lines(stage.account.id, NOW).cards}
    third_day = NOW + timedelta(days=2, hours=-1)
    assert cards[made.id].next_action == NextAction("renews", third_day)
    assert cards[made.id].kept_for == timedelta(days=89, hours=-1)


def test_a_plan_that_got_dearer_or_is_gone_waits_for_the_holders_word() -> None:
    stage = assemble(wallet_minor=0)
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True)
    Plan.objects.filter(id=stage.plan.id).update(sold_until_at=NOW)
    for obstacle in ("not_sold", "dearer"):
        if obstacle == "dearer":
            cast.plan(stage.plan.code, version=2, price_minor=500)
        page = show_lines(stage.account.id, NOW)
        auto = page.cards[0].auto_renew
        assert page.cards[0].next_action == NextAction("consent", NOW + timedelta(days=10))
        assert (auto.obstacle, auto.consent_needed, auto.next_try_at) == (obstacle, True, None)
        assert page.shortfalls == []  # nothing will be taken


def test_a_cheaper_version_needs_no_word() -> None:
    stage = assemble()
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True)
    Plan.objects.filter(id=stage.plan.id).update(sold_until_at=NOW)
    cast.plan(stage.plan.code, version=2, price_minor=200)
    auto = show_lines(stage.account.id, NOW).cards[0].auto_renew
    assert auto.price is not None
    assert (auto.price.total_minor, auto.agreed_minor, auto.obstacle) == (200, 300, None)


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
    Validity.objects.filter(id=stage.line.id).update(
        dormant=True, next_step=None, next_action_at=None
    )
    catalog.forget()
    assert show_lines(stage.account.id, NOW).cards[0].next_action == NextAction("dormant", None)
