"""What people said about being told, and which of their addresses lately came back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from keepline.core.telling import Choices, QuietHours, Topic
from keepline.messages.models import Preferences

USER: Final = "user:"  # how a person is named as a recipient
CONTACT: Final = "contact:"  # how the e-mail on file of an account that nobody has claimed is named
FAILS_FOR: Final = timedelta(days=7)  # then it is tried again


@dataclass(frozen=True, slots=True)
class Failing:
    """An address that came back: its digest, since when, and the channel's code."""

    address: str
    since_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """One person's choices, and the channels whose address came back."""

    choices: Choices = field(default_factory=Choices)
    failing: Mapping[str, Failing] = field(default_factory=dict)

    def is_failing(self, channel: str, address: str, now: datetime) -> bool:
        """Whether this very address came back lately; another one has its own chance."""
        found = self.failing.get(channel)
        if found is None or found.address != digest(address):
            return False
        return now - found.since_at < FAILS_FOR


NO_WISHES: Final = Wishes()


def digest(address: str) -> str:
    """What is kept of an address that came back."""
    return sha256(address.casefold().encode()).hexdigest()


def recipient_of(user_id: int) -> str:
    """How a person is named in deliveries."""
    return f"{USER}{user_id}"


def contact_of(account_id: UUID) -> str:
    """How the e-mail on file of an unclaimed account is named in deliveries."""
    return f"{CONTACT}{account_id}"


def is_contact(recipient: str) -> bool:
    """Whether letters to it go to an e-mail that nobody has shown to be theirs."""
    return recipient.startswith(CONTACT)


def user_of(recipient: str) -> int | None:
    """The person of a recipient; None for programs."""
    number = recipient.removeprefix(USER)
    return int(number) if recipient.startswith(USER) and number.isdecimal() else None


def wishes_among(recipients: Collection[str]) -> dict[str, Wishes]:
    """By recipient; who has said nothing and fails nowhere is left out. One query."""
    users = [user for recipient in recipients if (user := user_of(recipient)) is not None]
    rows = Preferences.objects.filter(user_id__in=users) if users else ()
    return {recipient_of(row.user_id): _wishes(row) for row in rows}


def wishes_of(user_id: int) -> Wishes:
    """One person's."""
    return wishes_among([recipient_of(user_id)]).get(recipient_of(user_id), NO_WISHES)


def _wishes(row: Preferences) -> Wishes:
    said = {}
    for key, wanted in row.said.items():
        channel, _, topic = key.partition(":")
        if topic in set(Topic):  # a topic of another version says nothing here
            said[channel, Topic(topic)] = bool(wanted)
    quiet = QuietHours(row.quiet_from_minute, row.quiet_until_minute)
    has_quiet = quiet.from_minute != quiet.until_minute
    failing = {
        channel: Failing(one["address"], datetime.fromisoformat(one["since_at"]), one["reason"])
        for channel, one in row.failing.items()
    }
    return Wishes(Choices(said, quiet if has_quiet else None), failing)


def choose(
    user_id: int, said: Mapping[tuple[str, Topic], bool], quiet: QuietHours | None = None
) -> None:
    """Adds to what the person said before; `quiet` replaces the quiet hours, None leaves them.

    In the caller's transaction.
    """
    row = _locked(user_id)
    row.said |= {f"{channel}:{topic}": wanted for (channel, topic), wanted in said.items()}
    if quiet is not None:
        row.quiet_from_minute, row.quiet_until_minute = quiet.from_minute, quiet.until_minute
    row.save(update_fields=["said", "quiet_from_minute", "quiet_until_minute"])


def note_failing(channel: str, came_back: Mapping[str, tuple[str, str]], now: datetime) -> None:
    """recipient -> (the address that came back, the channel's code). In the caller's
    transaction."""
    for recipient in sorted(came_back):
        user_id = user_of(recipient)
        if user_id is None:
            continue
        address, reason = came_back[recipient]
        row = _locked(user_id)
        facts = {"address": digest(address), "since_at": now.isoformat(), "reason": reason[:40]}
        row.failing[channel] = facts
        row.save(update_fields=["failing"])


def note_working(channel: str, user_id: int) -> None:
    """The person says that the address works: it is tried again."""
    row = _locked(user_id)
    if row.failing.pop(channel, None) is not None:
        row.save(update_fields=["failing"])


def _locked(user_id: int) -> Preferences:
    Preferences.objects.get_or_create(user_id=user_id)
    return Preferences.objects.select_for_update().get(user_id=user_id)
