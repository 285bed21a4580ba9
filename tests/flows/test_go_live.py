"""go_live: imported lines wake, and nobody is expired by our arrival."""

from datetime import timedelta

import pytest

from keepline.audit.models import AuditEvent
from keepline.core.agenda import Step
from keepline.core.lifecycle.line import LineState
from keepline.flows.go_live import go_live, who_sleeps
from keepline.lines.models import LineEvent, Validity
from tests import cast
from tests.cast import NOW

pytestmark = pytest.mark.django_db


def test_past_due_lines_get_their_whole_grace() -> None:
    plan = cast.plan()
    account = cast.account(cast.person("alice"))
    alive = cast.line(account, plan)
    past = cast.line(account, plan, valid_until=NOW - timedelta(days=400))
    Validity.objects.update(dormant=True, next_step=None, next_action_at=None)
    report = who_sleeps(NOW)
    assert (report.sleeping, report.past_due, report.accounts_past_due) == (2, 1, 1)
    assert Validity.objects.filter(dormant=True).count() == 2  # a report changes nothing
    go_live("staff:1", NOW)
    woken = Validity.objects.by_id(past.id)
    assert (woken.state, woken.dormant) == (LineState.GRACE, False)
    assert (woken.since_at, woken.next_step) == (NOW, Step.REMIND)
    assert woken.next_action_at == NOW + timedelta(days=7)
    assert LineEvent.objects.get(line_id=past.id).target == "grace"
    assert Validity.objects.by_id(alive.id).state == LineState.ACTIVE
    assert AuditEvent.objects.get(action="base.woken").facts == {"lines": 2, "past_due": 1}


def test_twice_wakes_once() -> None:
    plan = cast.plan()
    account = cast.account(cast.person("alice"))
    cast.line(account, plan, valid_until=NOW - timedelta(days=1))
    Validity.objects.update(dormant=True, next_step=None, next_action_at=None)
    go_live("staff:1", NOW)
    before = Validity.objects.get().next_action_at
    go_live("staff:1", NOW + timedelta(days=3))
    assert Validity.objects.get().next_action_at == before
    assert LineEvent.objects.count() == 1
