"""The messaging port: e-mails out, each accepted, refused for good, or to be tried again."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

Message = TypeVar("Message")


class ChannelRefused(Exception):
    """A definitive no (no such mailbox, malformed address): sending again cannot help.

    `code` is the channel's own (an SMTP reply code, or a word).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class AddressRefused(ChannelRefused):
    """The no is about the address (no such mailbox): all else that is sent there fares the same."""


class ChannelUnavailable(Exception):
    """Not accepted now, or acceptance unknown: send the same message again later.

    A repeat carries the same Message-ID, so that receivers can tell it is one.
    """


class ChannelDown(ChannelUnavailable):
    """Nobody answers there, or not us: it is not about this message, and others fare the same."""


class ChannelBusy(ChannelUnavailable):
    """Not tried: others are under way to the same place, or it rests. Worth another look in
    `again_s`, and nobody's try; other places of the channel fare as they do."""

    def __init__(self, message: str, again_s: float) -> None:
        super().__init__(message)
        self.again_s = again_s


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along, e.g. receipt.pdf, application/pdf."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class EmailMessage:
    """A message to one person. `message_id` is made by the caller; the header follows from it."""

    message_id: UUID
    to: str
    subject: str
    text: str
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    language: str = "en"  # BCP 47; becomes Content-Language
    unsubscribe: str | None = None  # the address that ends such letters by one POST (RFC 8058)
    return_token: str = ""  # makes the address to which it comes back (return_path.py)


@dataclass(frozen=True, slots=True)
class SendResult:
    """The channel took responsibility. `reference` is the Message-ID header."""

    reference: str


Sent = SendResult | ChannelRefused | ChannelUnavailable


ADDRESSES = re.compile(r"\S+@\S+|\+?\d[\d ().-]{6,}\d")


def without_addresses(said: str) -> str:
    """What a channel said, without the addresses and numbers that many repeat in their answers."""
    return ADDRESSES.sub("…", said)


def one_by_one(send: Callable[[Message], SendResult], messages: Iterable[Message]) -> list[Sent]:
    """What came of each, for channels that take one message at a time."""
    results: list[Sent] = []
    for message in messages:
        try:
            results.append(send(message))
        except (ChannelRefused, ChannelUnavailable) as error:
            results.append(error)
    return results


class EmailChannel(Protocol):
    """A way out for e-mail."""

    @property
    def name(self) -> str:
        """The word stored beside each sent message: smtp, files."""
        ...

    def send(self, message: EmailMessage) -> SendResult:
        """Hands the message over. Raises ChannelRefused, ChannelUnavailable, and nothing else."""
        ...

    def send_all(self, messages: Sequence[EmailMessage]) -> list[Sent]:
        """Hands several over; what came of each, in their order. Raises nothing.

        What was not tried because nobody answers is ChannelDown.
        """
        ...
