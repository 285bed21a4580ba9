"""`holder.told`: one event of the outbox becomes a letter to the account's people.

    N  notify_holder.send      under a Message-ID made from the event's id
    T  notify_holder.settle    sent, or laid aside
    T  notify_holder.later     the channel is down: later again, at last laid aside

At least once: a process that dies after the send and before the settle sends it again, with the
same Message-ID. What the letter says is read from the order at the moment of sending.
"""

from datetime import datetime
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.core.ids import derived_id
from keepline.core.retries import MESSAGE_PAUSES
from keepline.flows.letters import WARNINGS, Letter, letter_of
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import ChannelRefused, ChannelUnavailable, EmailMessage
from keepline.lines import services as lines
from keepline.messages import queries as messages
from keepline.messages import services as outbox
from keepline.messages.models import Outbox

ACTION = "holder.told"


def notify(event_id: UUID, now: datetime) -> str:
    """Tells everybody who should know. Returns the outcome: sent, no_address, laid_aside, later."""
    event = messages.by_id(event_id)
    if event is None or event.due_at is None:
        return "sent"
    recipients = accounts.addresses_of(event.account_id)
    if not recipients:
        return _settle(event, "no_address", "")
    letters = [letter_of(event, recipient, now) for recipient in recipients]
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
        return _settle(event, "laid_aside", f"refused: {', '.join(refusals)}")
    return _settle(event, "sent", "", now if event.kind in WARNINGS else None)


def _message(event: Outbox, number: int, letter: Letter) -> EmailMessage:
    return EmailMessage(
        message_id=derived_id(event.id, f"letter:{number}"),
        to=letter.to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=letter.language,
    )


def _settle(event: Outbox, outcome: str, reason: str, warned_at: datetime | None = None) -> str:
    with transaction_step("notify_holder.settle"):
        if warned_at is not None and event.line_id is not None:
            lines.note_warning(event.line_id, warned_at)
        outbox.settle(event.id, outcome, reason)
    return outcome


def _later(event: Outbox, reason: str, now: datetime) -> str:
    with transaction_step("notify_holder.later"):
        if event.attempts > len(MESSAGE_PAUSES):
            outbox.settle(event.id, "laid_aside", reason)
            return "laid_aside"
        outbox.try_later(event.id, now + MESSAGE_PAUSES[event.attempts - 1], reason)
    return "later"
