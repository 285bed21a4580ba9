"""set_retention: the holder's choice within the policy's bounds, for what is there as well."""

from datetime import timedelta

import pytest

from keepline.accounts.models import Role
from keepline.audit.models import AuditEvent
from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.flows.errors import FlowRefused
from keepline.flows.set_retention import ACTION, set_retention
from keepline.flows.show_inbox import show_inbox
from keepline.messages.inbox_models import InboxChoice, ReceivedMessage
from tests.cast import NOW, Cast, assemble
from tests.flows.inboxes import arrives, numbered, reader

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Cast:
    return numbered(assemble())


def ends() -> list[object]:
    rows = ReceivedMessage.objects.order_by("id").values_list("erase_at", flat=True)
    return [at - NOW for at in rows]


@pytest.mark.parametrize("days", [1, 7, 90])
def test_for_what_is_there_and_what_comes(days: int, stage: Cast) -> None:
    arrives()
    set_retention(stage.line.id, days, reader(stage.account), NOW)
    arrives()
    assert ends() == [timedelta(days=days)] * 2
    keeping = show_inbox(reader(stage.account), stage.line.id, NOW).keeping
    assert keeping is not None
    assert keeping.days == days
    assert AuditEvent.objects.get(action=ACTION).facts == {"days": days}


@pytest.mark.parametrize("days", [0, -1, 91, 10**6])
def test_outside_the_bounds_nothing_changes(days: int, stage: Cast) -> None:
    arrives()
    with pytest.raises(FlowRefused, match="days_refused"):
        set_retention(stage.line.id, days, reader(stage.account), NOW)
    assert ends() == [timedelta(days=30)]
    assert not InboxChoice.objects.exists()


def test_roles_and_strangers(stage: Cast) -> None:
    for who, code in (
        (reader(stage.account, Role.RECEIVE), "messages_kept"),
        (reader(stage.account, Role.SPEND), "messages_closed"),
        (reader(stage.other_account), "not_found"),
    ):
        with pytest.raises(FlowRefused, match=code):
            set_retention(stage.line.id, 7, who, NOW)
    assert not InboxChoice.objects.exists()


def test_bounds_that_became_narrower_hold(stage: Cast) -> None:
    set_retention(stage.line.id, 90, reader(stage.account), NOW)
    Policy.objects.update(message_days=5, message_days_most=10)
    catalog.forget()
    catalog.policy_values.cache_clear()
    arrives()
    assert ends() == [timedelta(days=10)]
