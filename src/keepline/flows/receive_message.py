"""`message.received`: a message for a number is kept for who holds the number, or from everybody.

    T  receive_message.keep    seen before? whose is the number? sealed and stored, or counted

The number is locked for sharing: while it changes hands no message comes in between, and messages
do not wait for each other. docs/inbox.md says whose a message is, and why. There is no audit event:
what came is told by its row, and that is erased one day.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

import structlog
from django.db import OperationalError

from keepline.accounts import clocks
from keepline.catalog.queries import PolicyValues, policy_values
from keepline.core.one_time_codes import find_code
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.inventory import queries as stock
from keepline.inventory import services as inventory
from keepline.inventory.models import Number, OwnershipPeriod
from keepline.lines import queries as lines
from keepline.messages import inbox

ACTION = "message.received"
LONGEST_TEXT = 10_000  # signs; a message of 255 joined parts of UCS-2 has 17,085
LONGEST_SENDER = 64
E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
log = structlog.get_logger(__name__)


class Inbound(Protocol):
    """What an entrance hands over (gateways/messaging/inbound.py). `to`: E.164 with +; `sender` as
    the network said; `reference`: the same for a repeat; `sent_at`: None when it is not known."""

    @property
    def to(self) -> str: ...
    @property
    def sender(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def reference(self) -> str: ...
    @property
    def sent_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Received:
    """What became of it. kept: `message_id` is its holder's; unclaimed: nobody's, counted; repeat:
    it was seen before; unknown: the number is none of ours."""

    outcome: Literal["kept", "unclaimed", "repeat", "unknown"]
    message_id: UUID | None = None


def receive(inbound: Inbound, now: datetime) -> Received:
    """Takes a message in, once for its number and reference.

    Raises FlowRefused("busy") when the number is locked for too long; then the network sends again.
    """
    if not E164.fullmatch(inbound.to):
        return _unknown()
    e164 = int(inbound.to[1:])
    try:
        with transaction_step("receive_message.keep"):
            return _received(e164, inbound, now)
    except OperationalError:
        raise FlowRefused("busy") from None  # the cause names what the statement was given


def _received(e164: int, inbound: Inbound, now: datetime) -> Received:
    number = inventory.share_number(e164)
    if number is None:
        return _unknown()
    if not inbox.note_arrival(e164, inbound.reference, now):
        return Received("repeat")
    period = stock.open_period(number)
    if period is None or not _held_when_sent(number, period, inbound.sent_at, now):
        inbox.count_unclaimed(e164, now.date())
        return Received("unclaimed")
    return Received("kept", _keep(period, inbound, now))


def _held_when_sent(
    number: Number, period: OwnershipPeriod, sent_at: datetime | None, now: datetime
) -> bool:
    """Whether the account that holds the number now held it when the message was sent, as far as
    that is known: an instant in the future is no knowledge."""
    if sent_at is None or sent_at > now or sent_at >= period.begins_at:
        return True
    if clocks.now_for(period.account_id, now) != now:  # its days are not the network's
        return True
    return stock.holder_at(number.e164, sent_at) == period.account_id


def _keep(period: OwnershipPeriod, inbound: Inbound, now: datetime) -> UUID:
    account_id, line_id = period.account_id, period.line_id
    row = lines.line_of(line_id, account_id)
    assert row is not None, "a holder's period names a line of theirs"
    days = keep_days(inbox.keep_days_of(line_id), policy_values(row.policy_id))
    # The clock of the process that gave the number out may have been a little ahead of ours.
    at = max(clocks.now_for(account_id, now), period.begins_at)
    text = readable(inbound.text, LONGEST_TEXT)
    return inbox.keep(
        inbox.ToKeep(
            account_id=account_id,
            line_id=line_id,
            period_id=period.id,
            e164=period.e164,
            received_at=at,
            sent_at=inbound.sent_at,
            erase_at=at + timedelta(days=days),
            has_code=find_code(text) is not None,
            sender=readable(inbound.sender, LONGEST_SENDER),
            text=text,
        )
    )


def keep_days(chosen: int | None, rules: PolicyValues) -> int:
    """For how many days a line's messages are kept: the holder's choice, within the policy's."""
    return min(max(chosen or rules.message_days, 1), rules.message_days_most)


def readable(text: str, longest: int) -> str:
    """Without what no page can show: halves of signs, and NUL."""
    whole = text.replace("\x00", "")[:longest]
    return whole.encode("utf-8", "replace").decode() if not whole.isascii() else whole


def _unknown() -> Received:
    log.warning("message_for_unknown_number")
    return Received("unknown")
