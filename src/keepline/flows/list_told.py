"""Lists what was told of an account, or of one line; and for staff, what could not be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.flows.telling.letters import SUBJECTS
from keepline.lines import queries as lines
from keepline.messages import delivery_queries as deliveries
from keepline.messages.delivery_queries import DeliveryRow, Undelivered
from keepline.messages.preferences import user_of

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Told:
    """One delivery, with words for people. `subject` is a text of the catalogue, not translated;
    `line`: how its holder calls it; `to`: a name, "" for a program, an address on file or somebody
    who left."""

    row: DeliveryRow
    subject: str
    line: str
    to: str
    is_mine: bool


def list_told(
    account_id: UUID, user_id: int, line_id: UUID | None = None, before: UUID | None = None
) -> Sequence[Told]:
    """Newest first, at most SHOWN; `before`: the id of the last one seen. Three queries."""
    return _told(deliveries.of_account(account_id, line_id, before, SHOWN), user_id)


def list_undelivered(
    outcome: str = "", channel: str = ""
) -> tuple[Sequence[Told], Sequence[Undelivered]]:
    """For staff: the last refused and laid aside, or of one outcome, or `waiting` to be tried
    again; and how many there are of each. Four queries."""
    return _told(deliveries.undelivered(outcome, channel, SHOWN), 0), deliveries.count_undelivered()


def _told(rows: Sequence[DeliveryRow], user_id: int) -> list[Told]:
    named = lines.lines_among({row.line_id for row in rows if row.line_id})
    names = accounts.names_among({user for row in rows if (user := user_of(row.recipient))})
    return [
        Told(
            row=row,
            subject=SUBJECTS.get(row.kind, row.kind),
            line=_name(named.get(row.line_id)) if row.line_id else "",
            to=names.get(user_of(row.recipient) or 0, ""),
            is_mine=user_of(row.recipient) == user_id,
        )
        for row in rows
    ]


def _name(line: lines.LineRow | None) -> str:
    if line is None:
        return ""
    return line.label or (f"+{line.e164}" if line.e164 else line.iccid or "")


def oldest(told: Sequence[Told]) -> UUID | None:
    """Where the next page begins; None when this is the last."""
    return told[-1].row.id if len(told) == SHOWN else None
