"""The SMS port: short texts to numbers, many at a time, and what the network says in turn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from keepline.gateways.messaging.inbound import Take
from keepline.gateways.messaging.port import SendResult, Sent

__all__ = ["SendResult", "SmsChannel", "SmsMessage", "the_one"]


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """`to` in E.164 with +. `message_id` is made by the caller; a repeat carries the same.

    `useful_for_s`: the network need not try for longer, such as for a code that has run out.
    `wants_receipt`: whether anybody wants to know later what became of it.
    """

    message_id: UUID
    to: str = field(repr=False)
    text: str = field(repr=False)
    useful_for_s: int | None = None
    wants_receipt: bool = True


class SmsChannel(Protocol):
    """A way out for SMS, and a way in."""

    @property
    def name(self) -> str:
        """The word stored beside each sent message: smpp, sms-http, fake-sms."""
        ...

    @property
    def most_at_once(self) -> int:
        """How many messages `send_all` sends well within a minute."""
        ...

    def send(self, message: SmsMessage) -> SendResult:
        """Hands the message over. Raises ChannelRefused, ChannelUnavailable, and nothing else."""
        ...

    def send_all(self, messages: Sequence[SmsMessage]) -> list[Sent]:
        """Hands several over; what came of each, in their order. Raises nothing.

        SendResult: the network took responsibility; its `reference` is the one that a receipt
        names, or empty where the network gives none. ChannelUnavailable: not taken, or nobody
        knows; where nobody knew, the reader of a repeat may have it twice. ChannelDown: none of
        this message has left us.
        """
        ...

    def listen(self, take: Take) -> None:
        """From now on `take` gets what the network hands over, in a thread of the channel's.

        The network is told that we have it when `take` has returned. Channels that are told
        otherwise (webhooks/sms.py) do nothing here.
        """
        ...

    def complaints(self) -> list[str]:
        """Asks the network whether it would take messages; what is wrong, in words."""
        ...

    def close(self) -> None:
        """Says good-bye; the channel may be used again."""
        ...


def the_one(sent: Sequence[Sent]) -> SendResult:
    """What came of the only message; its exception is raised."""
    (result,) = sent
    if isinstance(result, Exception):
        raise result
    return result
