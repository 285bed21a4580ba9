"""The SMS port: one short text to one number."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from keepline.gateways.messaging.port import SendResult

__all__ = ["SendResult", "SmsChannel", "SmsMessage"]


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """`to` in E.164 with +. `message_id` is made by the caller; a repeat carries the same."""

    message_id: UUID
    to: str
    text: str


class SmsChannel(Protocol):
    """A way out for SMS."""

    @property
    def name(self) -> str:
        """The word stored beside each sent message."""
        ...

    def send(self, message: SmsMessage) -> SendResult:
        """Hands the message over. Raises ChannelRefused, ChannelUnavailable, and nothing else."""
        ...
