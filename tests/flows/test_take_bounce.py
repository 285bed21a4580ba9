"""take_bounce: what came back is noted at its letter and its address; what is forged changes
nothing."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress

from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.core.telling import GATHERING
from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.take_bounce import HEEDED_FOR, take
from keepline.flows.telling.return_tokens import read_token, return_token
from keepline.gateways.messaging.bounces import Bounce, bounce_of, read_bounce
from keepline.gateways.messaging.port import ChannelUnavailable
from keepline.gateways.messaging.return_path import return_path
from keepline.lines.models import Validity
from keepline.messages import preferences
from keepline.messages import services as outbox
from keepline.messages.models import Delivery, Preferences
from keepline.messages.preferences import wishes_of
from tests.cast import NOW, Cast, assemble, line
from tests.doubles import Mailbox
from tests.flows.acts import move_line, request
from tests.flows.claiming import unclaimed
from tests.flows.test_deliver_message import scripted
from tests.gateways import dsn
from tests.telling import tell, tell_all

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(minutes=1)
ALICES = "alice@example.com"


@pytest.fixture
def cast(mailbox: Mailbox) -> Cast:
    """She has renewed, and the letter about it is out."""
    found = assemble()
    renew_line.start(request(found), NOW)
    tell(NOW)
    return found


def came_back(mailbox: Mailbox, form: str = dsn.POSTFIX) -> Bounce:
    """As a mail server says of the letter that was sent."""
    to = return_path("bounces@mail.example.com", mailbox.sent[0].return_token)
    bounce = read_bounce(dsn.returned(form, to))
    assert bounce is not None
    return bounce


def is_failing(cast: Cast, now: datetime = SOON, address: str = ALICES) -> bool:
    return wishes_of(cast.alice.pk).is_failing("email", address, now)


def outcomes() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("id").values_list("outcome", "reason"))


@pytest.mark.parametrize("form", [dsn.POSTFIX, dsn.EXIM, dsn.OLD_EXIM, dsn.EXCHANGE])
def test_the_delivery_is_refused_and_the_address_avoided(
    form: str, cast: Cast, mailbox: Mailbox
) -> None:
    assert take(came_back(mailbox, form), SOON) == "noted"
    [(outcome, reason)] = outcomes()
    assert outcome == "refused"
    assert reason.startswith("550 5.")
    assert "alice@" not in reason
    assert is_failing(cast)
    assert wishes_of(cast.alice.pk).failing["email"].reason.startswith("550 5.")


@pytest.mark.parametrize("form", [dsn.GIVEN_UP, dsn.TOO_LARGE])
def test_what_is_not_the_addresss_fault_is_noted_at_the_letter_alone(
    form: str, cast: Cast, mailbox: Mailbox
) -> None:
    assert take(came_back(mailbox, form), SOON) == "noted"
    assert outcomes()[0][0] == "refused"
    assert not is_failing(cast)


def test_another_address_has_its_own_chance(cast: Cast, mailbox: Mailbox) -> None:
    bounce = came_back(mailbox)
    EmailAddress.objects.filter(user=cast.alice).update(email="new@example.com")
    assert take(bounce, SOON) == "noted"
    assert not Preferences.objects.filter(failing__has_key="email").exists()


def test_a_repeat_changes_nothing(cast: Cast, mailbox: Mailbox) -> None:
    """Also when its reader has said meanwhile that the address works."""
    bounce = came_back(mailbox)
    assert take(bounce, SOON) == "noted"
    preferences.note_working("email", cast.alice.pk)
    assert take(bounce, SOON) == "repeat"
    assert not is_failing(cast)


def test_a_letter_of_many_comes_back_whole(mailbox: Mailbox) -> None:
    cast = assemble()
    move_line(cast, LineEvent.EXPIRE)
    outbox.put_all([("line.expired", cast.account.id, cast.line.id)] * 3, NOW)
    tell_all(NOW)
    [letter] = mailbox.sent
    assert take(came_back(mailbox), NOW + GATHERING) == "noted"
    assert {outcome for outcome, _ in outcomes()} == {"refused"}
    assert len(outcomes()) == 3
    assert letter.message_id == Delivery.objects.order_by("id")[0].id


def test_before_it_is_noted_as_sent_it_is_to_be_told_again() -> None:
    scripted(ChannelUnavailable("hung up"))
    cast = assemble()
    renew_line.start(request(cast), NOW)
    tell(NOW)
    token = return_token(Delivery.objects.get().id, ALICES)
    with pytest.raises(FlowRefused, match="busy"):
        take(bounce_of(token, "5.1.1", "550 unknown"), SOON)
    assert not is_failing(cast)


def test_after_two_weeks_it_is_no_news(cast: Cast, mailbox: Mailbox) -> None:
    late = NOW + HEEDED_FOR + timedelta(seconds=1)
    assert take(came_back(mailbox), late) == "late"
    assert outcomes() == [("sent", "")]
    assert not is_failing(cast, late)


def test_the_forged_changes_nothing(cast: Cast, mailbox: Mailbox) -> None:
    genuine = came_back(mailbox)
    others = return_token(uuid4(), ALICES)
    forged = [
        genuine.token[:20] + ("a" if genuine.token[20] != "a" else "b") + genuine.token[21:],
        genuine.token[:26] + others[26:],  # the letter of one, the seal of another
        genuine.token[:-1],
        "a" * 47,
        "",
        "ä" * 47,
    ]
    for token in forged:
        assert take(replace(genuine, token=token), SOON) == "not_ours"
    assert outcomes() == [("sent", "")]
    assert not is_failing(cast)


def test_a_token_of_another_key_is_forged(cast: Cast, mailbox: Mailbox, settings: Any) -> None:
    """Until the old key is named behind the new one."""
    bounce, old = came_back(mailbox), settings.SECRET_KEY
    settings.SECRET_KEY = "another key, as long as it should be for such a thing"
    assert take(bounce, SOON) == "not_ours"
    settings.SECRET_KEY_FALLBACKS = [old]
    assert take(bounce, SOON) == "noted"


@pytest.mark.books_broken  # what was told is gone
def test_a_letter_that_is_not_there_any_more(cast: Cast, mailbox: Mailbox) -> None:
    bounce = came_back(mailbox)
    Delivery.objects.all().delete()
    assert take(bounce, SOON) == "not_ours"


def test_the_token_tells_letter_and_address_and_is_read_in_capitals() -> None:
    letter = uuid4()
    token = return_token(letter, "Alice@Example.com")
    assert token == return_token(letter, ALICES)
    assert len(token) == 47
    assert token == token.lower()
    read = read_token(token.upper())
    assert read is not None
    assert read.delivery_id == letter


def warned_at(cast: Cast) -> datetime | None:
    return Validity.objects.by_id(cast.line.id).warned_at


def warn(cast: Cast, now: datetime = NOW) -> None:
    outbox.put_all([("line.suspended", cast.account.id, cast.line.id)], now)
    tell_all(now)


def unclaimed_one() -> Cast:
    late = {"state": LineState.SUSPENDED, "valid_until": NOW - timedelta(days=40)}
    return unclaimed(ALICES, line_fields=late)


def test_a_warning_that_came_back_has_warned_nobody(mailbox: Mailbox) -> None:
    """An address of an import may be dead: its number is held then, and not lost."""
    cast = unclaimed_one()
    warn(cast)
    assert warned_at(cast) is not None
    assert take(came_back(mailbox), NOW + GATHERING) == "noted"
    assert warned_at(cast) is None


def test_a_letter_of_many_lines_has_warned_of_none(mailbox: Mailbox) -> None:
    cast = unclaimed_one()
    late = {"state": LineState.SUSPENDED, "valid_until": NOW - timedelta(days=40)}
    both = [cast, replace(cast, line=line(cast.account, cast.plan, **late))]
    outbox.put_all([("line.suspended", each.account.id, each.line.id) for each in both], NOW)
    tell_all(NOW)
    assert None not in [warned_at(each) for each in both]
    assert take(came_back(mailbox), NOW + GATHERING) == "noted"
    assert [warned_at(each) for each in both] == [None, None]


def test_the_warning_before_counts_again(mailbox: Mailbox) -> None:
    cast = unclaimed_one()
    warn(cast)
    first = warned_at(cast)
    warn(cast, NOW + timedelta(days=1))
    assert warned_at(cast) != first
    mailbox.sent.reverse()
    assert take(came_back(mailbox), NOW + timedelta(days=1, hours=1)) == "noted"
    assert warned_at(cast) == first


def test_another_letter_that_comes_back_takes_no_warning_away(mailbox: Mailbox) -> None:
    cast = unclaimed_one()
    outbox.put_all([("line.blocked", cast.account.id, cast.line.id)], NOW)
    tell_all(NOW)
    warn(cast)
    before = warned_at(cast)
    assert take(came_back(mailbox), NOW + GATHERING) == "noted"
    assert warned_at(cast) == before is not None
