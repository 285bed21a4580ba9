"""send_again: what did not arrive goes once more, and the audit knows who wanted it."""

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.send_again import send_again
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import ChannelRefused, ChannelUnavailable
from keepline.messages.models import Delivery
from keepline.slots.ids import new_id
from tests.cast import NOW, assemble
from tests.doubles import Mailbox
from tests.flows.acts import request
from tests.flows.test_deliver_message import scripted
from tests.telling import tell

pytestmark = pytest.mark.django_db


def came_back() -> Delivery:
    scripted(ChannelRefused("550", "no such mailbox"))
    renew_line.start(request(assemble()), NOW)
    tell(NOW)
    found: Delivery = Delivery.objects.get()
    assert found.outcome == "refused"
    return found


def test_it_goes_once_more(mailbox: Mailbox) -> None:
    letter = came_back()
    switchboard.connect("email", lambda: mailbox)
    send_again(letter.id, "staff:7", NOW)
    assert Delivery.objects.get().due_at == NOW
    tell(NOW)
    assert Delivery.objects.get().outcome == "sent"
    assert [mail.message_id for mail in mailbox.sent] == [letter.id]
    event = AuditEvent.objects.get(action="message.sent_again")
    assert (event.actor, event.subject_id) == ("staff:7", letter.id)
    assert event.facts == {"channel": "email", "kind": "line.renewed", "was": "refused"}


def test_what_arrived_or_waits_does_not(mailbox: Mailbox) -> None:
    renew_line.start(request(assemble()), NOW)
    tell(NOW)
    with pytest.raises(FlowRefused, match="not_found"):
        send_again(Delivery.objects.get().id, "staff:7", NOW)
    tell(NOW)
    assert len(mailbox.sent) == 1


def test_nor_does_what_is_tried_again_anyway() -> None:
    scripted(ChannelUnavailable("451 later"))
    renew_line.start(request(assemble()), NOW)
    tell(NOW)
    due_at = Delivery.objects.get().due_at
    with pytest.raises(FlowRefused, match="not_found"):
        send_again(Delivery.objects.get().id, "staff:7", NOW)
    assert Delivery.objects.get().due_at == due_at


def test_there_is_nothing_by_that_name() -> None:
    with pytest.raises(FlowRefused, match="not_found"):
        send_again(new_id(3), "staff:7", NOW)
