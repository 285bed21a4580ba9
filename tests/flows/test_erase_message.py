"""erase_message: gone at once, by who may, and the audit knows nothing of what it said."""

import pytest

from keepline.accounts.models import Role
from keepline.audit.models import AuditEvent
from keepline.flows.erase_message import ACTION, erase_message
from keepline.flows.errors import FlowRefused
from keepline.messages.inbox_models import ReceivedMessage
from tests.cast import NOW, Cast, assemble
from tests.flows.inboxes import MARKER, arrives, numbered, reader

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Cast:
    return numbered(assemble())


def test_it_is_gone(stage: Cast) -> None:
    arrives(text="stays")
    message_id = arrives().message_id
    assert message_id
    erase_message(message_id, reader(stage.account, Role.MANAGE), NOW)
    assert not ReceivedMessage.objects.filter(id=message_id).exists()
    assert ReceivedMessage.objects.count() == 1
    act = AuditEvent.objects.get(action=ACTION)
    assert (act.subject_id, act.account_id) == (message_id, stage.account.id)
    assert MARKER not in str(act.facts)
    with pytest.raises(FlowRefused, match="not_found"):
        erase_message(message_id, reader(stage.account), NOW)
    assert AuditEvent.objects.filter(action=ACTION).count() == 1


@pytest.mark.parametrize(
    ("role", "code"),
    [
        (Role.RECEIVE, "messages_kept"),
        (Role.SPEND, "messages_closed"),
        (Role.SEE, "messages_closed"),
    ],
)
def test_others_erase_nothing(role: str, code: str, stage: Cast) -> None:
    message_id = arrives().message_id
    assert message_id
    with pytest.raises(FlowRefused, match=code):
        erase_message(message_id, reader(stage.account, role), NOW)
    with pytest.raises(FlowRefused, match="not_found"):
        erase_message(message_id, reader(stage.other_account), NOW)
    assert ReceivedMessage.objects.count() == 1
    assert not AuditEvent.objects.filter(action=ACTION).exists()
