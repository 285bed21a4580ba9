"""choose_channels: what a person said decides what is told by which channel."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from keepline.audit.models import AuditEvent
from keepline.core.telling import GATHERING, QuietHours, Topic
from keepline.flows import renew_line
from keepline.flows.address_event import address
from keepline.flows.choose_channels import address_works, choose_channels, end_letters
from keepline.flows.telling import ways
from keepline.flows.telling.passes import SIGNER, unsubscribe_pass
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import AddressRefused
from keepline.messages import services as outbox
from keepline.messages.models import Delivery, Outbox, Preferences
from keepline.messages.preferences import recipient_of
from tests.cast import NOW, Cast, assemble
from tests.doubles import Mailbox
from tests.flows.acts import request
from tests.flows.test_deliver_message import scripted
from tests.flows.way import ScriptedWay
from tests.telling import tell

pytestmark = pytest.mark.django_db
NEVER = QuietHours(0, 0)


def says(cast: Cast, *off: tuple[str, Topic], quiet: QuietHours = NEVER) -> None:
    choose_channels(cast.alice.pk, cast.account.id, dict.fromkeys(off, False), quiet, NOW)


def test_what_is_switched_off_is_not_told(mailbox: Mailbox) -> None:
    cast = assemble()
    says(cast, ("email", Topic.CONFIRMATIONS))
    renew_line.start(request(cast), NOW)
    tell(NOW)
    assert (Outbox.objects.get().outcome, mailbox.sent) == ("not_wanted", [])
    assert AuditEvent.objects.get(action="channels.chosen").facts == {
        "email:confirmations": False,
        "quiet": [0, 0],
    }


def test_what_is_essential_is_told_anyway(mailbox: Mailbox) -> None:
    cast = assemble()
    says(cast, *[("email", topic) for topic in Topic])
    outbox.put_all([("line.blocked", cast.account.id, cast.line.id)], NOW)
    tell(NOW)
    assert len(mailbox.sent) == 1


def test_switched_off_while_it_was_on_its_way(mailbox: Mailbox) -> None:
    cast = assemble()
    outbox.put_all([("line.expiry_near", cast.account.id, cast.line.id)], NOW)
    address(NOW, 10)
    says(cast, ("email", Topic.REMINDERS))
    tell(NOW + GATHERING)
    assert (Delivery.objects.get().outcome, mailbox.sent) == ("not_wanted", [])


@pytest.mark.parametrize(
    ("said", "quiet"),
    [({("pigeon", Topic.LOSS): True}, NEVER), ({}, QuietHours(0, 1440)), ({}, QuietHours(-1, 5))],
)
def test_there_is_no_such_channel_or_time(
    said: dict[tuple[str, Topic], bool], quiet: QuietHours
) -> None:
    cast = assemble()
    with pytest.raises(ValidationError):
        choose_channels(cast.alice.pk, cast.account.id, said, quiet, NOW)


@pytest.mark.parametrize("channel", ["pigeon", "webhook", ""])
def test_nothing_works_again_by_a_channel_that_there_is_not(channel: str) -> None:
    cast = assemble()
    with pytest.raises(ValidationError):
        address_works(cast.alice.pk, channel)
    assert not Preferences.objects.exists()


def test_a_ringing_channel_waits_for_the_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = assemble()
    phone = ScriptedWay(
        "sms", rings=True, recipient=recipient_of(cast.alice.pk), zone="Europe/Berlin"
    )
    monkeypatch.setattr(ways, "ALL", (phone,))
    says(cast, quiet=QuietHours(22 * 60, 7 * 60))
    night = NOW.replace(hour=22)  # 23:00 in Berlin
    outbox.put_all([("line.renewal_failed", cast.account.id, cast.line.id)], night)
    address(night, 10)
    morning = NOW.replace(hour=6) + timedelta(days=1)
    assert Delivery.objects.get().due_at == morning
    outbox.put_all([("line.blocked", cast.account.id, cast.line.id)], night)
    tell(night)
    assert Delivery.objects.get(kind="line.blocked").outcome == "sent", "safety rings at once"
    assert Delivery.objects.get(kind="line.renewal_failed").due_at == morning
    tell(morning)
    assert len(phone.sent) == 2


def test_one_click_ends_such_letters_and_no_others(mailbox: Mailbox) -> None:
    cast = assemble()
    renew_line.start(request(cast), NOW)
    outbox.put_all([("line.blocked", cast.account.id, cast.line.id)], NOW)
    tell(NOW)
    by_subject = {mail.subject: mail for mail in mailbox.sent}
    assert by_subject["Your line is blocked"].unsubscribe is None
    link = by_subject["Your line is renewed"].unsubscribe
    assert link is not None
    assert link in by_subject["Your line is renewed"].text
    assert end_letters(link.rstrip("/").rsplit("/", 1)[1]) is Topic.CONFIRMATIONS
    renew_line.start(request(cast, key="key-0002"), NOW)
    tell(NOW)
    assert len(mailbox.sent) == 2


@pytest.mark.parametrize("pass_", ["", "nonsense", "1-reminders.forged", SIGNER.sign("1-loss")])
def test_a_pass_that_is_not_ours_or_asks_too_much_ends_nothing(pass_: str) -> None:
    assert end_letters(pass_) is None


def test_a_pass_names_its_topic() -> None:
    assert end_letters(unsubscribe_pass("user:1", Topic.REMINDERS)) is Topic.REMINDERS
    assert unsubscribe_pass("endpoint:1", Topic.REMINDERS) == ""


def test_other_channels_take_over_from_an_address_that_came_back(
    monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox
) -> None:
    cast = assemble()
    phone = ScriptedWay("sms", recipient=recipient_of(cast.alice.pk))
    monkeypatch.setattr(ways, "ALL", (ways.way("email"), phone))
    says(cast, ("sms", Topic.SAFETY))
    scripted(AddressRefused("550", "no such mailbox"))

    def blocked() -> None:
        outbox.put_all([("line.blocked", cast.account.id, cast.line.id)], NOW)
        tell(NOW)

    blocked()
    assert (Delivery.objects.get().channel, Delivery.objects.get().outcome) == ("email", "refused")
    switchboard.connect("email", lambda: mailbox)
    blocked()
    assert (len(phone.sent), mailbox.sent) == (1, [])
    address_works(cast.alice.pk, "email")
    blocked()
    assert (len(phone.sent), len(mailbox.sent)) == (1, 1)
