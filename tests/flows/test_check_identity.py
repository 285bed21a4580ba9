"""check_identity: begun once, told once, kept as little as possible; and no line without it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection

from keepline.accounts.models import IdentityCheck
from keepline.audit.models import AuditEvent
from keepline.flows import buy_line, change_number
from keepline.flows.check_identity import ACTION, hear, start
from keepline.flows.errors import FlowRefused
from keepline.gateways import switchboard
from keepline.gateways.identity.port import CallbackRefused
from keepline.inventory.models import Number, Profile
from keepline.ledger.models import Transfer
from keepline.messages.models import Outbox
from keepline.orders.models import Order, RequestKey
from tests.cast import NOW, Cast, assemble
from tests.flows.buying import request, stocked
from tests.flows.changing import NEW, number_change, numbered
from tests.flows.checking import begun, demanded
from tests.identity import ScriptedChecker

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def stage() -> Cast:
    return assemble()


def told() -> list[str]:
    kinds = Outbox.objects.filter(kind__startswith="identity.").order_by("id")
    return list(kinds.values_list("kind", flat=True))


def test_begun_gone_on_with_and_verified(checker: ScriptedChecker, stage: Cast) -> None:
    first = start(stage.account.id, "user:1", "en", NOW)
    again = start(stage.account.id, "user:2", "zh-hans", NOW + HOUR)
    assert first.page_url == again.page_url
    row = IdentityCheck.objects.get()
    assert (row.state, row.actor, row.asked_at, row.provider) == (
        "pending",
        "user:1",
        NOW,
        "bridge",
    )
    checker.decide(row.id, country="GB", of_age=True)
    assert hear(*checker.callback(row.id, NOW), NOW + HOUR / 60)
    row.refresh_from_db()
    assert (row.state, row.country, row.of_age, row.next_look_at) == ("verified", "GB", True, None)
    assert told() == ["identity.verified"]
    acts = AuditEvent.objects.filter(action__startswith="identity.").order_by("id")
    assert [act.action for act in acts] == ["identity.check_begun", ACTION]
    with pytest.raises(FlowRefused, match="identity_verified"):
        start(stage.account.id, "user:1", "en", NOW + HOUR)


def test_what_is_told_twice_is_written_once(checker: ScriptedChecker, stage: Cast) -> None:
    row = begun(stage)
    early = checker.callback(row.id, NOW)
    assert not hear(*early, NOW)  # that it is pending is no news
    checker.decide(row.id, "refused", reason="unreadable")
    callback = checker.callback(row.id, NOW)
    assert hear(*callback, NOW)
    assert not hear(*callback, NOW + timedelta(minutes=1))
    row.refresh_from_db()
    assert (row.state, row.reason, row.ended_at) == ("refused", "unreadable", NOW)
    assert told() == ["identity.refused"]


def test_a_result_that_the_start_hears_counts(checker: ScriptedChecker, stage: Cast) -> None:
    row = begun(stage)
    checker.decide(row.id)
    assert start(stage.account.id, "user:1", "en", NOW).page_url == ""
    row.refresh_from_db()
    assert row.state == "verified"


def test_what_is_not_signed_or_not_ours_changes_nothing(
    checker: ScriptedChecker, stage: Cast
) -> None:
    row = begun(stage)
    checker.decide(row.id)
    headers, body = checker.callback(row.id, NOW)
    for wrong in (
        (headers, body.replace(b"verified", b"refused"), NOW),
        ({}, body, NOW),
        (headers, body, NOW + HOUR),
    ):
        with pytest.raises(CallbackRefused):
            hear(*wrong)
    stranger = uuid4()
    checker.checks.start(str(stranger), "https://k.example", "en")
    checker.decide(stranger)
    assert not hear(*checker.callback(stranger, NOW), NOW)
    row.refresh_from_db()
    assert row.state == "pending"
    assert told() == []


def test_refused_it_may_be_tried_again_under_a_limit(checker: ScriptedChecker, stage: Cast) -> None:
    for hour in range(3):
        now = NOW + hour * HOUR
        start(stage.account.id, "user:1", "en", now)
        row = IdentityCheck.objects.get(state="pending")
        checker.decide(row.id, "refused", reason="unreadable")
        hear(*checker.callback(row.id, now), now)
    with pytest.raises(FlowRefused, match="identity_tries") as refused:
        start(stage.account.id, "user:1", "en", NOW + 3 * HOUR)
    assert refused.value.facts["again_at"] == NOW + DAY
    assert IdentityCheck.objects.count() == 3
    start(stage.account.id, "user:1", "en", NOW + DAY)
    assert IdentityCheck.objects.filter(state="pending").count() == 1


def test_without_a_limit(
    checker: ScriptedChecker, stage: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, identity_tries_a_day=0))
    for _ in range(5):
        row = begun(stage)
        checker.decide(row.id, "expired")
        hear(*checker.callback(row.id, NOW), NOW)
    assert told() == []  # who did not finish knows it


def test_a_silent_provider_leaves_a_check_to_go_on_with(
    checker: ScriptedChecker, stage: Cast
) -> None:
    checker.script += ["lost", "mute"]
    for _ in range(2):
        with pytest.raises(FlowRefused, match="identity_silent"):
            start(stage.account.id, "user:1", "en", NOW)
    assert start(stage.account.id, "user:1", "en", NOW).page_url
    assert IdentityCheck.objects.count() == 1


def test_a_way_back_that_the_operator_named(
    checker: ScriptedChecker, stage: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = ("https://partner.example/checked", "https://other.example/back?of=keepline")
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, identity_return_urls=named))

    def way(return_url: str | None) -> str:
        start(stage.account.id, "user:1", "en", NOW, return_url=return_url)
        return str(IdentityCheck.objects.get().return_url)

    assert way(named[0]) == named[0]
    assert way(None) == named[0], "as it was"
    assert way(named[1]) == named[1], "who came last is led back"
    assert way("") == ""
    told = checker.checks.find(str(IdentityCheck.objects.get().id))
    assert told is not None
    assert told["return_url"].endswith(f"/account/identity/back/{told['id']}/"), "for all of them"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "https://partner.example/checked/../away",
        "https://partner.example/checked?next=https://evil.example",
        "https://partner.example/checked#x",
        "https://partner.example.evil.example/checked",
        "https://partner.example@evil.example/checked",
        "https://PARTNER.example/checked",
        "http://partner.example/checked",
        "//partner.example/checked",
        "/account/",
        "javascript:alert(1)",
        " https://partner.example/checked",
        "https://partner.example/checked\n",
        "https://partner.example/",
    ],
)
def test_no_other_way_back(
    address: str, checker: ScriptedChecker, stage: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = ("https://partner.example/checked",)
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, identity_return_urls=named))
    with pytest.raises(FlowRefused, match="return_url_refused"):
        start(stage.account.id, "user:1", "en", NOW, return_url=address)
    assert not IdentityCheck.objects.exists()
    assert not AuditEvent.objects.filter(action="identity.check_begun").exists()


def test_nobody_to_check(stage: Cast) -> None:
    assert not switchboard.has("identity")
    with pytest.raises(FlowRefused, match="no_identity_check"):
        start(stage.account.id, "user:1", "en", NOW)
    demanded()
    with pytest.raises(FlowRefused, match="no_identity_check"):
        buy_line.preview(stage.account.id, stage.plan.code, "USD", "part", NOW)


def test_no_line_before_it_and_nothing_taken(checker: ScriptedChecker) -> None:
    stage, _numbers, _sims = stocked(smdp_address="smdp.example.com", matching_id="X")
    demanded()
    transfers = Transfer.objects.count()
    for _ in range(2):
        with pytest.raises(FlowRefused, match="identity_needed"):
            buy_line.start(request(stage), NOW)
    with pytest.raises(FlowRefused, match="identity_needed"):
        buy_line.preview(stage.account.id, stage.plan.code, "USD", "part", NOW)
    row = begun(stage)
    with pytest.raises(FlowRefused, match="identity_needed"):
        buy_line.start(request(stage), NOW)
    assert not RequestKey.objects.exists()
    assert not Order.objects.filter(kind="purchase").exists()
    assert Transfer.objects.count() == transfers
    assert not Number.objects.exclude(state="available").exists()
    assert not Profile.objects.exclude(state="available").exists()
    checker.decide(row.id)
    hear(*checker.callback(row.id, NOW), NOW)
    buy_line.preview(stage.account.id, stage.plan.code, "USD", "part", NOW)
    buy_line.start(request(stage), NOW)
    assert Order.objects.filter(kind="purchase").count() == 1


def test_no_other_number_before_it_for_a_line_whose_policy_asks(checker: ScriptedChecker) -> None:
    """Its holder was never asked: the line was imported."""
    cast, *_ = numbered()
    demanded()
    seen = change_number.preview(cast.account.id, cast.line.id, NOW)
    assert (seen.refusal and seen.refusal.code, seen.free) == ("identity_needed", [])
    with pytest.raises(FlowRefused, match="identity_needed"):
        change_number.start(number_change(cast, e164=NEW), NOW)
    assert not Order.objects.filter(kind="new_number").exists()
    assert Number.objects.get(e164=NEW).state == "available"
    row = begun(cast)
    checker.decide(row.id)
    hear(*checker.callback(row.id, NOW), NOW)
    change_number.start(number_change(cast, e164=NEW), NOW)
    assert Order.objects.filter(kind="new_number").count() == 1


def test_another_accounts_check_opens_nothing(checker: ScriptedChecker) -> None:
    stage, _numbers, _sims = stocked()
    row = begun(stage)
    checker.decide(row.id)
    hear(*checker.callback(row.id, NOW), NOW)
    demanded()
    with pytest.raises(FlowRefused, match="identity_needed"):
        buy_line.preview(stage.other_account.id, stage.plan.code, "USD", "part", NOW)


@pytest.mark.django_db(transaction=True)
def test_two_who_begin_at_once_have_one_check(
    checker: ScriptedChecker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = assemble()
    there = tmp_path / "identity.sqlite3"  # which every thread opens for itself
    ScriptedChecker(there)
    monkeypatch.setattr(checker, "start", lambda asked: ScriptedChecker(there).start(asked))

    def begin(_: int) -> str:
        try:
            return start(stage.account.id, "user:1", "en", NOW).page_url
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as hands:
        pages = set(hands.map(begin, range(4)))
    assert IdentityCheck.objects.filter(account_id=stage.account.id).count() == 1
    assert len(pages) == 1
