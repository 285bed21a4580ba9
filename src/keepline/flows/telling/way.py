"""What a channel must be able to do to be one of the ways by which people are told (ways.py)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol, runtime_checkable
from uuid import UUID

from django.conf import settings

from keepline.accounts.models import Account
from keepline.accounts.queries import Recipient
from keepline.core.telling import TO_CONTACTS
from keepline.flows.telling.news import News
from keepline.gateways.messaging.port import Sent
from keepline.messages.models import Outbox
from keepline.messages.preferences import contact_of, recipient_of


class Addressee(NamedTuple):
    """Whom a way reaches, as it is now. `recipient` is the name in our books: user:12.

    `to` is where it goes (an address, a number, an endpoint), for the way alone; it is read anew
    for every letter and written down nowhere. `kinds`: the events that may go there; None: all.
    Of them a person's choices decide (core/telling), where there is a person.
    `former_phone`: a number of theirs that left them, E.164 with +.
    """

    recipient: str
    to: Any
    language: str
    time_zone: str
    name: str = ""
    kinds: frozenset[str] | None = None
    former_phone: str = ""


def person(recipient: Recipient, to: Any) -> Addressee:
    """Somebody who answers for an account, reached at `to`."""
    return Addressee(
        recipient=recipient_of(recipient.user_id),
        to=to,
        language=recipient.language,
        time_zone=recipient.time_zone,
        name=recipient.name,
        former_phone=recipient.former_phone,
    )


def contact(account: Account) -> Addressee:
    """The e-mail on file of an account that nobody has claimed (docs/claims.md)."""
    return Addressee(
        recipient=contact_of(account.id),
        to=account.contact_email,
        language=account.language if account.language in dict(settings.LANGUAGES) else "en",
        time_zone=account.time_zone,
        name=account.name,
        kinds=TO_CONTACTS,
    )


def people(found: Mapping[UUID, Sequence[Recipient]]) -> Mapping[UUID, Sequence[Addressee]]:
    """Those who answer for accounts, each reached where the query says."""
    return {
        account_id: [person(each, each.to) for each in recipients]
        for account_id, recipients in found.items()
    }


class Told(NamedTuple):
    """One event, and what can be said of it."""

    event: Outbox
    news: News


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes to one addressee at once: mostly one event, or many of one kind and account.

    `message_id` is the first delivery's: a repeat has the same.
    """

    message_id: UUID
    addressee: Addressee
    told: Sequence[Told]

    @property
    def kind(self) -> str:
        """The kind of all its events."""
        return self.told[0].event.kind


class Way(Protocol):
    """One channel. Safe to share between threads."""

    @property
    def channel(self) -> str:
        """email, sms, push, webhook: the word in messages_delivery."""
        ...

    @property
    def to_people(self) -> bool:
        """Whether people read it: then their choices count, events of one kind are gathered, and
        what was sent counts as a warning."""
        ...

    @property
    def rings(self) -> bool:
        """Whether it makes a phone ring, so that quiet hours hold it back."""
        ...

    @property
    def tells_later(self) -> bool:
        """Whether it tells later what became of a message, by the reference that it gave."""
        ...

    @property
    def encloses(self) -> bool:
        """Whether receipts go along with its letters."""
        ...

    @property
    def share(self) -> int:
        """How many letters are handed over at once; if the process dies, so many of each thread
        may go again."""
        ...

    @property
    def threads(self) -> int:
        """How many shares are under way at once."""
        ...

    @property
    def pauses(self) -> Sequence[timedelta]:
        """Between tries. After the last it is laid aside."""
        ...

    def is_connected(self) -> bool:
        """Whether the operator has this channel."""
        ...

    def addressees(self, account_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Addressee]]:
        """Whom it reaches of each account; accounts with nobody may be left out. Queries, as many
        for a thousand accounts as for one."""
        ...

    def write(self, letter: Letter) -> Any:
        """The message in the addressee's language and zone. No query."""
        ...

    def send_all(self, messages: Sequence[Any]) -> Sequence[Sent]:
        """Hands them over; what came of each, in their order. Raises nothing.

        SendResult, ChannelRefused (never again), ChannelUnavailable (later), ChannelDown (nobody
        answers: the way rests, and it is nobody's try) or ChannelBusy (this place rests alone).
        """
        ...


@runtime_checkable
class TakesNote(Protocol):
    """A way that keeps something of its own about whom it reaches."""

    def note(self, sent: Sequence[tuple[Any, Sent]], now: datetime) -> None:
        """What came of each message, in the transaction that settles them."""
        ...
