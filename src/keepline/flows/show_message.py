"""Reads one received message as it is, with its code: what a member asked to see."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from keepline.accounts.queries import may_keep
from keepline.core.one_time_codes import find_code
from keepline.flows.errors import FlowRefused
from keepline.flows.show_inbox import InboxMessage, Reader, as_shown, demand_reader
from keepline.messages import inbox_queries
from keepline.orders import queries as orders


@dataclass(frozen=True, slots=True)
class MessageView:
    """`text` as it came; `code`: the one-time code as it is to be typed, "" where there is none."""

    message: InboxMessage
    may_erase: bool
    text: str = field(repr=False)
    code: str = field(repr=False)


def show_message(message_id: UUID, reader: Reader, now: datetime) -> MessageView:
    """Raises FlowRefused: messages_closed, not_found."""
    demand_reader(reader)
    opened = inbox_queries.message_of(reader.account_id, message_id, now)
    if opened is None:
        raise FlowRefused("not_found")
    behind = orders.orders_behind(reader.account_id, [opened.line_id])
    found = find_code(opened.text)
    return MessageView(
        message=as_shown(opened, behind.get((opened.line_id, opened.e164))),
        may_erase=may_keep(reader.role),
        text=opened.text,
        code=found.code if found else "",
    )
