"""`channels.chosen`: a person says what they want to be told, by which channels, and when not."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from keepline.audit import services as audit
from keepline.core.telling import ALL_DAY_MINUTES, QuietHours, Topic
from keepline.flows.telling import ways
from keepline.flows.telling.passes import read_pass
from keepline.messages import preferences

ACTION = "channels.chosen"


@transaction.atomic
def choose_channels(
    user_id: int,
    account_id: UUID,
    said: Mapping[tuple[str, Topic], bool],
    quiet: QuietHours | None,
    now: datetime,
) -> None:
    """`said`: (channel, topic) -> wanted; of essential topics, what works tells anyway if nothing
    is wanted. `quiet`: None leaves the quiet hours. Raises ValidationError for a channel or a time
    that there is not."""
    _check(*(channel for channel, _ in said))
    minutes = (quiet.from_minute, quiet.until_minute) if quiet else ()
    if any(not 0 <= minute < ALL_DAY_MINUTES for minute in minutes):
        raise ValidationError("a day has no such minute")
    preferences.choose(user_id, said, quiet)
    facts: dict[str, object] = {
        f"{channel}:{topic}": wanted for (channel, topic), wanted in said.items()
    }
    audit.record(
        ACTION,
        actor=f"user:{user_id}",
        now=now,
        account_id=account_id,
        facts=facts | ({"quiet": list(minutes)} if quiet else {}),
    )


@transaction.atomic
def end_letters(pass_: str) -> Topic | None:
    """The one click in a letter: no more e-mails of its topic. None for a pass that is not ours."""
    read = read_pass(pass_)
    if read is not None:
        user_id, topic = read
        preferences.choose(user_id, {("email", topic): False})
    return read[1] if read else None


@transaction.atomic
def address_works(user_id: int, channel: str) -> None:
    """The person says that an address that came back works again.

    Raises ValidationError for a channel that there is not.
    """
    _check(channel)
    preferences.note_working(channel, user_id)


def _check(*channels: str) -> None:
    if not {way.channel for way in ways.ALL if way.to_people}.issuperset(channels):
        raise ValidationError("there is no such channel")
