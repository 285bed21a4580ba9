"""`messages.exported`: a member takes an account's or a line's messages along.

    T  export_messages.begin    the audit event: who, of which line

What follows is read in batches while it is sent; a message that is erased meanwhile is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.flows.show_inbox import BATCH, Reader, demand_line
from keepline.flows.steps import transaction_step
from keepline.messages import inbox_queries

ACTION = "messages.exported"


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """One message, whole. `number`: E.164 with +."""

    number: str
    received_at: datetime
    sent_at: datetime | None
    sender: str = field(repr=False)
    text: str = field(repr=False)


def export_messages(
    line_id: UUID | None, reader: Reader, now: datetime
) -> Iterator[ExportedMessage]:
    """All messages, newest first. Raises FlowRefused (messages_closed, not_found) at once."""
    demand_line(reader, line_id)
    with transaction_step("export_messages.begin"):
        audit.record(
            ACTION,
            actor=reader.actor,
            now=now,
            account_id=reader.account_id,
            subject_id=line_id,
        )
    return _messages(reader.account_id, line_id, now)


def _messages(account_id: UUID, line_id: UUID | None, now: datetime) -> Iterator[ExportedMessage]:
    for each in inbox_queries.all_messages_of(account_id, line_id, now, BATCH):
        yield ExportedMessage(
            f"+{each.e164}", each.received_at, each.sent_at, each.sender, each.text
        )
