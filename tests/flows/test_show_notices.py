"""show_notices: a person's own choices, and the address that came back."""

from datetime import timedelta

import pytest

from keepline.core.telling import QuietHours, Topic
from keepline.flows import renew_line
from keepline.flows.choose_channels import choose_channels
from keepline.flows.show_notices import show_notices
from keepline.flows.telling import ways
from keepline.gateways.messaging.port import AddressRefused
from tests.cast import NOW, assemble
from tests.flows.acts import request
from tests.flows.test_deliver_message import scripted
from tests.telling import tell

pytestmark = pytest.mark.django_db


def test_who_has_said_nothing_sees_what_is_usual() -> None:
    cast = assemble()
    view = show_notices(cast.alice.pk, cast.account.id, NOW)
    assert list(view.channels) == [way.channel for way in ways.connected() if way.to_people]
    assert "email" in view.channels
    assert [row.topic for row in view.topics] == list(Topic)
    assert all(row.choices[0].wanted for row in view.topics)
    assert (view.quiet, list(view.came_back)) == (None, [])


def test_what_was_said_is_shown_to_who_said_it() -> None:
    cast = assemble()
    said = {("email", Topic.REMINDERS): False}
    choose_channels(cast.alice.pk, cast.account.id, said, QuietHours(1320, 420), NOW)
    view = show_notices(cast.alice.pk, cast.account.id, NOW)
    assert [row.topic for row in view.topics if not row.choices[0].wanted] == [Topic.REMINDERS]
    assert view.quiet == QuietHours(1320, 420)
    others = show_notices(cast.bob.pk, cast.account.id, NOW)
    assert all(row.choices[0].wanted for row in others.topics)


def test_an_address_that_came_back_is_named_for_a_week() -> None:
    cast = assemble()
    scripted(AddressRefused("550", "no such mailbox"))
    renew_line.start(request(cast), NOW)
    tell(NOW)
    (one,) = show_notices(cast.alice.pk, cast.account.id, NOW).came_back
    assert (one.channel, one.to, one.since_at, one.reason) == (
        *("email", "alice@example.com", NOW, "550"),
    )
    later = NOW + timedelta(days=7)
    assert not show_notices(cast.alice.pk, cast.account.id, later).came_back
