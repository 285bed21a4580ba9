"""`holder.told`: events of the outbox become letters to the people of their accounts.

    N  notify_holder.send      each under a Message-ID made from the event's id
    T  notify_holder.settle    of all of them: sent, laid aside, or later again

Many at a time: what they say is read for all of them at once, from the rows as they are at the
moment of sending, and what came of it is noted for all of them at once. At least once: a process
that dies between the two sends that batch again, with the same Message-IDs.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.accounts.queries import Recipient
from keepline.core.ids import derived_id
from keepline.core.retries import MESSAGE_PAUSES
from keepline.flows.steps import network_step, transaction_step
from keepline.flows.telling.letters import WARNINGS, Letter, letter_of
from keepline.flows.telling.news import Rows, news_of, rows_of
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import ChannelRefused, ChannelUnavailable, EmailMessage
from keepline.lines import services as lines
from keepline.messages import queries as messages
from keepline.messages import services as outbox
from keepline.messages.models import Outbox
from keepline.messages.services import Attempt

ACTION = "holder.told"


@dataclass(frozen=True, slots=True)
class ToTell:
    """One event, with what was read for it and for others, and whom it is told."""

    event: Outbox
    rows: Rows
    recipients: Sequence[Recipient]

    def __str__(self) -> str:
        return str(self.event.id)  # for logs, which have nobody's name in them


Told = Callable[[ToTell], Attempt]
Hands = Callable[[Told, Iterable[ToTell]], Iterable[Attempt | None]]


def notify(event_ids: Sequence[UUID], now: datetime, hands: Hands = map) -> list[Attempt]:
    """Tells everybody who should know of these events; what came of each.

    `hands` sends them: one after the other, or side by side. It may give None for a letter that
    could not be written: that one stays claimed and is due again when its lease ends.
    """
    events = messages.waiting_among(event_ids)
    people = accounts.addresses_among([event.account_id for event in events])
    rows = rows_of(events)
    to_tell = [ToTell(event, rows, people.get(event.account_id, ())) for event in events]
    tried = hands(lambda one: _tell(one, now), to_tell)
    attempts = [attempt for attempt in tried if attempt is not None]
    _settle(events, attempts, now)
    return attempts


def _tell(to_tell: ToTell, now: datetime) -> Attempt:
    event = to_tell.event
    if not to_tell.recipients:
        return Attempt(event.id, "no_address")
    news = news_of(event, to_tell.rows, now)
    letters = [letter_of(event, news, recipient) for recipient in to_tell.recipients]
    refusals = []
    for number, letter in enumerate(letters):
        try:
            with network_step("notify_holder.send"):
                switchboard.email().send(_message(event, number, letter))
        except ChannelUnavailable as error:
            return _later(event, str(error), now)
        except ChannelRefused as refused:
            refusals.append(refused.code)
    if len(refusals) == len(letters):
        return Attempt(event.id, "laid_aside", f"refused: {', '.join(refusals)}")
    return Attempt(event.id, "sent")


def _message(event: Outbox, number: int, letter: Letter) -> EmailMessage:
    return EmailMessage(
        message_id=derived_id(event.id, f"letter:{number}"),
        to=letter.to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=letter.language,
    )


def _later(event: Outbox, reason: str, now: datetime) -> Attempt:
    if event.attempts > len(MESSAGE_PAUSES):
        return Attempt(event.id, "laid_aside", reason)
    return Attempt(event.id, "", reason, now + MESSAGE_PAUSES[event.attempts - 1])


def _settle(events: Sequence[Outbox], attempts: Sequence[Attempt], now: datetime) -> None:
    sent = {attempt.event_id for attempt in attempts if attempt.outcome == "sent"}
    warned = {e.line_id for e in events if e.line_id and e.id in sent and e.kind in WARNINGS}
    with transaction_step("notify_holder.settle"):
        lines.note_warnings(warned, now)
        outbox.settle(attempts)
