"""What a person is told, by which channels, and what was told."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from keepline.api.shapes.pages import Page
from keepline.api.shapes.parts import Asked, Instant, Shape
from keepline.core.telling import QuietHours, Topic
from keepline.flows.list_told import Told
from keepline.flows.show_notices import NoticesView

Channel = Literal["email", "sms", "push"]
TopicName = Literal["safety", "loss", "money", "reminders", "confirmations"]
Clock = Annotated[
    str,
    Field(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5, examples=["22:30"]),
]
Outcome = Literal[
    "waiting", "sent", "delivered", "refused", "laid_aside", "overtaken", "not_wanted", "no_address"
]


class Quiet(Asked):
    """Local times of the person's zone; what rings waits until the end. The same twice: never."""

    begin: Clock
    end: Clock

    @classmethod
    def of(cls, quiet: QuietHours) -> "Quiet":
        return cls(begin=_clock(quiet.from_minute), end=_clock(quiet.until_minute))

    def hours(self) -> QuietHours:
        return QuietHours(_minute(self.begin), _minute(self.end))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _minute(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


class ReachedBy(Shape):
    """A channel that the operator has."""

    channel: Channel
    reaches: bool = Field(description="Whether there is a confirmed address, number or browser.")
    failing_since: Instant | None = Field(description="Messages came back from the address.")


class Chosen(Shape):
    """Whether a channel tells of a topic."""

    topic: TopicName
    channel: Channel
    wanted: bool
    essential: bool = Field(description="Some channel tells of it, whatever is chosen.")


class Choices(Shape):
    """What the token's person chose, or what is usual."""

    channels: list[ReachedBy]
    choices: list[Chosen]
    quiet_hours: Quiet | None

    @classmethod
    def of(cls, view: NoticesView) -> "Choices":
        failing = {each.channel: each.since_at for each in view.came_back}
        return cls.model_validate(
            {
                "channels": [
                    {
                        "channel": channel,
                        "reaches": channel not in view.unreached,
                        "failing_since": failing.get(channel),
                    }
                    for channel in view.channels
                ],
                "choices": [
                    {
                        "topic": str(row.topic),
                        "channel": each.channel,
                        "wanted": each.wanted,
                        "essential": row.essential,
                    }
                    for row in view.topics
                    for each in row.choices
                ],
                "quiet_hours": Quiet.of(view.quiet) if view.quiet else None,
            }
        )


class Choice(Asked):
    """Whether a channel shall tell of a topic."""

    topic: TopicName
    channel: Channel
    wanted: bool


class ChoicesChange(Asked):
    """What is left out stays as it is."""

    choices: list[Choice] = Field(default=[], max_length=50)
    quiet_hours: Quiet | None = None

    def said(self) -> dict[tuple[str, Topic], bool]:
        return {(each.channel, Topic(each.topic)): each.wanted for each in self.choices}


class Notice(Shape):
    """One event on its way to one person or program by one channel."""

    id: UUID
    event: str = Field(examples=["line.renewed"])
    line_id: UUID | None
    channel: Literal["email", "sms", "push", "webhook"]
    to_me: bool = Field(description="Whether it is the token's person's.")
    outcome: Outcome
    reason: str = Field(description="Why it did not arrive, without addresses.")
    addressed_at: Instant
    sent_at: Instant | None
    delivered_at: Instant | None

    @classmethod
    def of(cls, told: Told) -> "Notice":
        row = told.row
        return cls.model_validate(
            {
                "id": row.id,
                "event": row.kind,
                "line_id": row.line_id,
                "channel": row.channel,
                "to_me": told.is_mine,
                "outcome": row.outcome or "waiting",
                "reason": row.reason,
                "addressed_at": row.addressed_at,
                "sent_at": row.sent_at,
                "delivered_at": row.delivered_at,
            }
        )


class NoticesPage(Page[Notice]):
    """One page of what was told."""
