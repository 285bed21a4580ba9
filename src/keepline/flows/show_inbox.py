"""Reads what an account's numbers received: for members who may, and for nobody else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

from keepline.accounts.queries import may_keep, may_read
from keepline.catalog.queries import policy_values
from keepline.core.one_time_codes import find_code, hide_code
from keepline.flows.errors import FlowRefused
from keepline.flows.receive_message import keep_days
from keepline.lines import queries as lines
from keepline.lines.queries import LineRow
from keepline.messages import inbox, inbox_queries
from keepline.messages.inbox_queries import Opened
from keepline.orders import queries as orders

PAGE = 30
SEARCHED_MOST = 20_000  # messages, the newest first
FOUND_MOST = 100
BATCH = 500
LINES_OFFERED = 100
DAYS_OFFERED = (1, 7, 14, 30, 60, 90, 180, 365)


@dataclass(frozen=True, slots=True)
class Reader:
    """A member, as what they read: `role` is theirs in the account."""

    account_id: UUID
    role: str
    actor: str


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """One message. In `text` the code, where one was found, is hidden: flows/show_message.py shows
    it. `order_id`: the order that brought the number to its line, None for a base taken over."""

    id: UUID
    line_id: UUID
    e164: int
    received_at: datetime
    sent_at: datetime | None
    erase_at: datetime
    sender: str = field(repr=False)
    text: str = field(repr=False)
    has_code: bool
    order_id: UUID | None
    lost: bool


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long a line's messages are kept, and what may be chosen. Days."""

    days: int
    offered: Sequence[int]


@dataclass(frozen=True, slots=True)
class InboxView:
    """Newest first. `line`: the one that was asked for, None for all; `keeping` is the line's.

    `numbered`: the account's lines with a number, LINES_OFFERED at most. `before`: where the next
    page goes on, None at the end. `cut`: a search looked at the newest SEARCHED_MOST alone, or
    found more than it shows.
    """

    messages: Sequence[InboxMessage]
    line: LineRow | None
    numbered: Sequence[LineRow]
    keeping: Keeping | None
    before: UUID | None
    may_erase: bool
    cut: bool = False


def show_inbox(
    reader: Reader, line_id: UUID | None, now: datetime, before: UUID | None = None
) -> InboxView:
    """A page of messages. Raises FlowRefused: messages_closed, not_found."""
    line = demand_line(reader, line_id)
    opened = inbox_queries.messages_of(reader.account_id, line_id, now, PAGE + 1, before)
    more = opened[PAGE - 1].id if len(opened) > PAGE else None
    return _view(reader, line, opened[:PAGE], more)


def search_inbox(reader: Reader, line_id: UUID | None, words: str, now: datetime) -> InboxView:
    """Messages whose text, sender or number has the words, upper or lower case.

    What is sealed cannot be searched by the database: the messages are opened one after the other,
    newest first. Raises FlowRefused as `show_inbox`.
    """
    line = demand_line(reader, line_id)
    wanted = " ".join(words.split()).casefold()
    every = inbox_queries.all_messages_of(reader.account_id, line_id, now, BATCH)
    looked_at = 0

    def counted(messages: Iterable[Opened]) -> Iterable[Opened]:
        nonlocal looked_at
        for message in islice(messages, SEARCHED_MOST):
            looked_at += 1
            yield message

    found = [each for each in counted(every) if _says(each, wanted)]
    cut = looked_at == SEARCHED_MOST or len(found) > FOUND_MOST
    return _view(reader, line, found[:FOUND_MOST], None, cut=cut)


def demand_line(reader: Reader, line_id: UUID | None) -> LineRow | None:
    """The reader's line. Raises FlowRefused: messages_closed, not_found."""
    demand_reader(reader)
    if line_id is None:
        return None
    line = lines.line_of(line_id, reader.account_id)
    if line is None:
        raise FlowRefused("not_found")
    return line


def demand_reader(reader: Reader) -> None:
    """Raises FlowRefused("messages_closed")."""
    if not may_read(reader.role):
        raise FlowRefused("messages_closed")


def _says(message: Opened, wanted: str) -> bool:
    words = f"{message.text}\n{message.sender}\n+{message.e164}"
    return wanted in " ".join(words.casefold().split())


def _view(
    reader: Reader,
    line: LineRow | None,
    opened: Sequence[Opened],
    before: UUID | None,
    *,
    cut: bool = False,
) -> InboxView:
    behind = orders.orders_behind(reader.account_id, {each.line_id for each in opened})
    return InboxView(
        messages=[as_shown(each, behind.get((each.line_id, each.e164))) for each in opened],
        line=line,
        numbered=lines.numbered_of(reader.account_id, LINES_OFFERED),
        keeping=keeping_of(line) if line else None,
        before=before,
        may_erase=may_keep(reader.role),
        cut=cut,
    )


def as_shown(message: Opened, order_id: UUID | None) -> InboxMessage:
    """A message with its code hidden."""
    found = find_code(message.text)
    return InboxMessage(
        id=message.id,
        line_id=message.line_id,
        e164=message.e164,
        received_at=message.received_at,
        sent_at=message.sent_at,
        erase_at=message.erase_at,
        sender=message.sender,
        text=hide_code(message.text, found),
        has_code=found is not None,
        order_id=order_id,
        lost=message.lost,
    )


def keeping_of(line: LineRow) -> Keeping:
    """What the line's messages are kept for, within its policy's bounds."""
    rules = policy_values(line.policy_id)
    days = keep_days(inbox.keep_days_of(line.id), rules)
    offered = {*(day for day in DAYS_OFFERED if day <= rules.message_days_most)}
    return Keeping(days, sorted({*offered, days, rules.message_days_most}))
