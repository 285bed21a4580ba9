"""Reads of deliveries: for holders, and for staff."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from keepline.core.ids import slot_of
from keepline.slots.sql import fetch_all

NEVER_ARRIVED = ("refused", "laid_aside")
MAY_GO_AGAIN = (*NEVER_ARRIVED, "no_address")


class DeliveryRow(NamedTuple):
    """One delivery; it holds no text and no address."""

    id: UUID
    account_id: UUID
    line_id: UUID | None
    kind: str
    channel: str
    recipient: str
    addressed_at: datetime
    due_at: datetime | None
    attempts: int
    outcome: str
    reason: str
    sent_at: datetime | None
    delivered_at: datetime | None

    @property
    def may_go_again(self) -> bool:
        """It did not arrive, and nobody tries it any more."""
        return self.due_at is None and self.outcome in MAY_GO_AGAIN


COLUMNS = """
SELECT d.id, d.account_id, d.line_id, d.kind, d.channel, d.recipient, d.addressed_at, d.due_at,
       d.attempts, d.outcome, d.reason, d.sent_at, d.delivered_at
FROM messages_delivery d
"""
LAST = "ORDER BY d.id DESC LIMIT %(limit)s"
OF_ACCOUNT = f"""{COLUMNS}
WHERE d.slot = %(slot)s AND d.account_id = %(account)s
  AND (%(line)s::uuid IS NULL OR d.line_id = %(line)s::uuid)
  AND (%(before)s::uuid IS NULL OR d.id < %(before)s::uuid)
{LAST}
"""
WAITING = "d.due_at IS NOT NULL AND d.reason <> ''"  # tried, and it says why in vain
ENDED = "d.due_at IS NULL AND d.outcome = ANY(%(outcomes)s)"


def of_account(
    account_id: UUID, line_id: UUID | None, before: UUID | None, limit: int
) -> list[DeliveryRow]:
    """Newest first; of one line when it is given. One query."""
    params = {
        "slot": slot_of(account_id),
        "account": account_id,
        "line": line_id,
        "before": before,
        "limit": limit,
    }
    return [DeliveryRow(*row) for row in fetch_all(OF_ACCOUNT, params)]


def by_id(delivery_id: UUID) -> DeliveryRow | None:
    """One delivery, whosever it is. One query."""
    params = {"slot": slot_of(delivery_id), "id": delivery_id}
    rows = fetch_all(f"{COLUMNS} WHERE d.slot = %(slot)s AND d.id = %(id)s", params)
    return DeliveryRow(*rows[0]) if rows else None


REACHED = """
SELECT came_back.line_id, max(told.sent_at) AS at
FROM messages_delivery came_back
LEFT JOIN messages_delivery told
  ON told.slot = came_back.slot AND told.account_id = came_back.account_id
  AND told.line_id = came_back.line_id AND told.kind = ANY(%(kinds)s)
  AND told.channel <> 'webhook' AND told.outcome IN ('sent', 'delivered')
WHERE came_back.slot = %(slot)s AND came_back.account_id = %(account)s
  AND came_back.letter_id = %(letter)s AND came_back.kind = ANY(%(kinds)s)
  AND came_back.line_id IS NOT NULL
GROUP BY came_back.line_id
"""


def reached_at(
    letter_id: UUID, account_id: UUID, kinds: Collection[str]
) -> dict[UUID, datetime | None]:
    """Of each line that a letter of these kinds tells of: when people last got one of them that has
    not come back. Empty for letters of other kinds. One query."""
    slot = slot_of(letter_id)
    params = {"slot": slot, "account": account_id, "letter": letter_id, "kinds": list(kinds)}
    return {row.line_id: row.at for row in fetch_all(REACHED, params)}


class Undelivered(NamedTuple):
    """How many of a channel ended so."""

    channel: str
    outcome: str
    times: int


COUNTS = f"""
SELECT d.channel, d.outcome, count(*) AS times FROM messages_delivery d
WHERE d.outcome IN ('refused', 'laid_aside') GROUP BY d.channel, d.outcome
UNION ALL
SELECT d.channel, 'waiting', count(*) FROM messages_delivery d
WHERE {WAITING} GROUP BY d.channel
ORDER BY 1, 2
"""  # noqa: S608 - our own words


def count_undelivered() -> list[Undelivered]:
    """By channel. One query."""
    return [Undelivered(*row) for row in fetch_all(COUNTS)]


def undelivered_statement(outcome: str) -> str:
    """Of one kind; indexes serve both."""
    return f"""{COLUMNS}
    WHERE {WAITING if outcome == "waiting" else ENDED}
      AND (%(channel)s = '' OR d.channel = %(channel)s)
    ORDER BY d.addressed_at DESC LIMIT %(limit)s
    """


def undelivered(outcome: str, channel: str, limit: int) -> list[DeliveryRow]:
    """What did not arrive, put on its way last first. `outcome`: refused, laid_aside, or waiting
    (tried, and to be tried again); "" for the first two. One query."""
    params = {
        "outcomes": [outcome] if outcome in NEVER_ARRIVED else list(NEVER_ARRIVED),
        "channel": channel,
        "limit": limit,
    }
    return [DeliveryRow(*row) for row in fetch_all(undelivered_statement(outcome), params)]
