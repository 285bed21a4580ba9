"""Shows a person what they are told by which channels, and which address lately came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.core.telling import ESSENTIAL, QuietHours, Topic, is_wanted
from keepline.flows.telling import ways
from keepline.messages import preferences


@dataclass(frozen=True, slots=True)
class Choice:
    """One box: whether this channel tells of the row's topic."""

    channel: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class TopicRow:
    """One topic. `essential`: some channel tells of it, whatever is chosen."""

    topic: Topic
    essential: bool
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class CameBack:
    """A channel whose present address refused or returned a message."""

    channel: str
    to: str
    since_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class NoticesView:
    """`unreached`: channels that are there, and reach this person nowhere yet."""

    channels: Sequence[str]
    unreached: Sequence[str]
    topics: Sequence[TopicRow]
    quiet: QuietHours | None
    has_ringing: bool
    came_back: Sequence[CameBack]


def show_notices(user_id: int, account_id: UUID, now: datetime) -> NoticesView:
    """The person's own choices; queries: one, and those of each way for one account."""
    wishes = preferences.wishes_of(user_id)
    recipient = preferences.recipient_of(user_id)
    connected = [way for way in ways.connected() if way.to_people]
    addresses = {
        way.channel: addressee.to
        for way in connected
        for addressee in way.addressees([account_id]).get(account_id, ())
        if addressee.recipient == recipient
    }
    channels = [way.channel for way in connected]
    return NoticesView(
        channels=channels,
        unreached=[channel for channel in channels if channel not in addresses],
        topics=[
            TopicRow(
                topic,
                topic in ESSENTIAL,
                [
                    Choice(channel, is_wanted(channel, topic, wishes.choices))
                    for channel in channels
                ],
            )
            for topic in Topic
        ],
        quiet=wishes.choices.quiet,
        has_ringing=any(way.rings for way in connected),
        came_back=[
            CameBack(channel, to, wishes.failing[channel].since_at, wishes.failing[channel].reason)
            for channel, to in addresses.items()
            if wishes.is_failing(channel, to, now)
        ],
    )
