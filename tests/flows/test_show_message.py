"""show_message: one message whole, with its code, for members who may read."""

from datetime import timedelta

import pytest

from keepline.accounts.models import Role
from keepline.flows.errors import FlowRefused
from keepline.flows.show_message import show_message
from tests.cast import NOW, Cast, assemble
from tests.flows.inboxes import TEXT, arrives, numbered, reader

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Cast:
    return numbered(assemble())


def test_the_text_and_the_code(stage: Cast) -> None:
    message_id = arrives().message_id
    assert message_id
    view = show_message(message_id, reader(stage.account, Role.RECEIVE), NOW)
    assert (view.text, view.code, view.may_erase) == (TEXT, "582914", False)
    assert "582914" not in repr(view)


def test_without_a_code(stage: Cast) -> None:
    message_id = arrives(text="Hello").message_id
    assert message_id
    assert show_message(message_id, reader(stage.account), NOW).code == ""


def test_strangers_helpers_and_the_time_after(stage: Cast) -> None:
    message_id = arrives().message_id
    assert message_id
    with pytest.raises(FlowRefused, match="not_found"):
        show_message(message_id, reader(stage.other_account), NOW)
    with pytest.raises(FlowRefused, match="messages_closed"):
        show_message(message_id, reader(stage.account, Role.SPEND), NOW)
    with pytest.raises(FlowRefused, match="not_found"):
        show_message(message_id, reader(stage.account), NOW + timedelta(days=30))
