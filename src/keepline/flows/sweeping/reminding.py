"""Reminders: with the first of a day those that fall due later on it, for one letter of all."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from keepline.core.agenda import Step
from keepline.core.ids import derived_id
from keepline.core.lifecycle.line import LineState
from keepline.lines import due
from keepline.lines.due import DueLine
from keepline.messages import services as outbox
from keepline.messages.services import NewEvent

TOLD_ALONG = 20_000  # lines at most in one transaction; what is over is told at its own hour


def remind(batch: Sequence[DueLine], looked: set[UUID], now: datetime) -> None:
    """Tells of lines under lock whose reminder is due. In the caller's transaction.

    `looked`: the accounts of which the rest of the day was told of in this sweep; it grows. So an
    account with a hundred batches of lines is looked through once.
    """
    first = _told(batch, now)
    kinds: dict[UUID, set[str]] = {}
    for line in first:
        kinds.setdefault(line.account_id, set()).add(_kind(line))
    later = due.claim_later_today(sorted(kinds.keys() - looked), Step.REMIND, now, TOLD_ALONG)
    _told([line for line in later if _kind(line) in kinds[line.account_id]], now)
    looked.update(kinds)


def _told(batch: Sequence[DueLine], now: datetime) -> list[DueLine]:
    """Those of which nobody had told yet."""
    events = {_event_id(line): line for line in batch}
    made = [NewEvent(id_, _kind(line), line.account_id, line.id) for id_, line in events.items()]
    new = outbox.put_new(made, now)
    return [line for id_, line in events.items() if id_ in new]


def _event_id(line: DueLine) -> UUID:
    """One reminder, one event."""
    assert line.due is not None, "it was claimed because a reminder is due"
    return derived_id(line.id, f"outbox:{_kind(line)}:{int(line.due.at.timestamp())}")


def _kind(line: DueLine) -> str:
    near = line.state in (LineState.ACTIVE, LineState.PAUSED)
    return "line.expiry_near" if near else "line.withdrawal_near"
