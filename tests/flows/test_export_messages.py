"""export_messages: all that a member may read, in batches, and the audit knows who took it."""

from collections.abc import Iterator

import pytest

from keepline.accounts.models import Role
from keepline.audit.models import AuditEvent
from keepline.flows import export_messages as flow
from keepline.flows.errors import FlowRefused
from keepline.flows.export_messages import ACTION, export_messages
from tests.cast import NOW, Cast, assemble
from tests.flows.inboxes import E164, TEXT, arrives, numbered, reader

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Cast:
    return numbered(assemble())


def test_everything_whole(stage: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BATCH", 2)
    for number in range(5):
        arrives(text=f"{TEXT} {number}")
    found = export_messages(None, reader(stage.account, Role.RECEIVE), NOW)
    assert isinstance(found, Iterator)
    messages = list(found)
    assert [each.text for each in messages] == [f"{TEXT} {n}" for n in (4, 3, 2, 1, 0)]
    assert {each.number for each in messages} == {f"+{E164}"}
    assert TEXT not in repr(messages)
    act = AuditEvent.objects.get(action=ACTION)
    assert (act.actor, act.subject_id, act.facts) == ("user:1", None, {})


def test_refused_at_once_and_not_audited(stage: Cast) -> None:
    arrives()
    with pytest.raises(FlowRefused, match="messages_closed"):
        export_messages(None, reader(stage.account, Role.SPEND), NOW)
    with pytest.raises(FlowRefused, match="not_found"):
        export_messages(stage.line.id, reader(stage.other_account), NOW)
    assert not AuditEvent.objects.filter(action=ACTION).exists()
