"""set_line_cap: how many lines an account may buy, for all and for one; who said so is kept."""

from dataclasses import replace

import pytest
from django.conf import settings

from keepline.accounts.models import Account
from keepline.audit.models import AuditEvent
from keepline.flows import buy_line
from keepline.flows.errors import FlowRefused
from keepline.flows.set_line_cap import ACTION, set_line_cap
from keepline.inventory.models import Pool, Profile
from keepline.lines.models import Line, Validity
from tests import cast as stage_of
from tests.cast import NOW, Cast
from tests.flows.buying import request, stocked
from tests.inventory import shelves

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Cast:
    """One line is there, and two may be."""
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, lines_per_account=2))
    found, _numbers, _sims = stocked()
    shelves.profiles(Pool.objects.get(code="uk-esim"), 3, first=2_000_000)
    Profile.objects.update(smdp_address="smdp.example.com", matching_id="X")
    stage_of.fill(found.wallet_id, 5000)
    Account.objects.update(line_cap=None)
    return found


def buy(stage: Cast, key: str) -> None:
    buy_line.start(request(stage, key=key), NOW)


def test_up_to_the_cap(stage: Cast) -> None:
    buy(stage, "key-0001")
    with pytest.raises(FlowRefused, match="too_many_lines"):
        buy(stage, "key-0002")
    with pytest.raises(FlowRefused, match="too_many_lines"):
        buy_line.preview(stage.account.id, stage.plan.code, "USD", "part", NOW)
    assert Line.objects.count() == 2
    buy(stage, "key-0001")  # the same order, told again


def test_lines_that_ended_do_not_count(stage: Cast) -> None:
    for _ in range(3):
        gone = stage_of.line(stage.account, stage.plan)
        Validity.objects.filter(id=gone.id).update(
            state="terminated", next_step=None, next_action_at=None
        )
    buy(stage, "key-0001")


def test_for_one_account(stage: Cast) -> None:
    set_line_cap(stage.account.id, 3, "a shop with three desks", "staff:1", NOW)
    buy(stage, "key-0001")
    buy(stage, "key-0002")
    with pytest.raises(FlowRefused, match="too_many_lines"):
        buy(stage, "key-0003")
    set_line_cap(stage.account.id, 0, "a fleet", "staff:1", NOW)
    buy(stage, "key-0003")
    set_line_cap(stage.account.id, None, "no more", "staff:1", NOW)
    with pytest.raises(FlowRefused, match="too_many_lines"):
        buy(stage, "key-0004")
    acts = AuditEvent.objects.filter(action=ACTION).order_by("id")
    assert [(act.facts["cap"], act.reason, act.actor) for act in acts] == [
        (3, "a shop with three desks", "staff:1"),
        (0, "a fleet", "staff:1"),
        (None, "no more", "staff:1"),
    ]


def test_without_a_reason_or_an_account_nothing_is_set(stage: Cast) -> None:
    with pytest.raises(FlowRefused, match="reason_missing"):
        set_line_cap(stage.account.id, 3, "  ", "staff:1", NOW)
    with pytest.raises(FlowRefused, match="not_found"):
        set_line_cap(stage.line.id, 3, "why", "staff:1", NOW)
    assert not Account.objects.exclude(line_cap=None).exists()
    assert not AuditEvent.objects.filter(action=ACTION).exists()
