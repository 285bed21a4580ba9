"""notify_holder: told at least once, truthfully, or laid aside where staff can see it."""

from datetime import timedelta
from uuid import UUID

import pytest

from keepline.core.retries import MESSAGE_PAUSES
from keepline.flows import renew_line
from keepline.flows.notify_holder import notify
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import (
    ChannelRefused,
    ChannelUnavailable,
    EmailMessage,
    SendResult,
)
from keepline.messages import services as outbox
from keepline.messages.models import Outbox
from tests.cast import NOW, assemble
from tests.doubles import Mailbox
from tests.flows.acts import request

pytestmark = pytest.mark.django_db


class Refusing:
    name = "refusing"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def send(self, message: EmailMessage) -> SendResult:
        raise self.error


def renewed() -> UUID:
    cast = assemble()
    renew_line.start(request(cast), NOW)
    claimed = outbox.claim_due(NOW, 10, timedelta(minutes=2))
    assert len(claimed) == 1
    return claimed[0]


def test_the_owner_is_told(mailbox: Mailbox) -> None:
    event_id = renewed()
    assert notify(event_id, NOW) == "sent"
    letter = mailbox.sent[0]
    assert (letter.to, letter.language) == ("alice@example.com", "en")
    assert "20 April 2026" in letter.text
    assert Outbox.objects.by_id(event_id).due_at is None
    assert notify(event_id, NOW) == "sent"  # at rest: nothing goes out again
    assert len(mailbox.sent) == 1


def test_a_channel_that_is_away_is_tried_later() -> None:
    event_id = renewed()
    switchboard.connect("email", lambda: Refusing(ChannelUnavailable("busy")))
    assert notify(event_id, NOW) == "later"
    assert Outbox.objects.by_id(event_id).due_at == NOW + MESSAGE_PAUSES[0]


def test_a_refusal_is_laid_aside_with_its_reason() -> None:
    event_id = renewed()
    switchboard.connect("email", lambda: Refusing(ChannelRefused("550", "no such user")))
    assert notify(event_id, NOW) == "laid_aside"
    assert "550" in Outbox.objects.by_id(event_id).reason
