"""Reads an endpoint, with what was sent to it or is on its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from keepline.flows.hooking.owners import Owner
from keepline.messages import webhook_log
from keepline.messages.endpoints import Endpoint
from keepline.messages.models import Delivery

PAGE = 50
State = Literal["waiting", "delivered", "refused", "gave_up", "not_sent"]
STATES: dict[str, State] = {
    "sent": "delivered",
    "delivered": "delivered",
    "refused": "refused",
    "laid_aside": "gave_up",
}


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event to one endpoint. `answer`: the status of the last try that failed, or a word for
    why there was none; "" when none failed."""

    id: UUID
    event_id: UUID
    kind: str
    line_id: UUID | None
    state: State
    tries: int
    answer: str
    addressed_at: datetime
    next_try_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class EndpointView:
    """`next_before`: where the next page begins, None on the last."""

    endpoint: Endpoint
    events: Sequence[SentEvent]
    next_before: UUID | None


def show_endpoint(owner: Owner, endpoint_id: UUID, before: UUID | None = None) -> EndpointView:
    """One page, the newest first. Two queries. Raises FlowRefused("not_found")."""
    endpoint = owner.endpoint(endpoint_id)
    rows = webhook_log.newest(endpoint, before, PAGE + 1)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    return EndpointView(endpoint, [_sent(row) for row in rows], rows[-1].id if more else None)


def _sent(row: Delivery) -> SentEvent:
    return SentEvent(
        id=row.id,
        event_id=row.event_id,
        kind=row.kind,
        line_id=row.line_id,
        state="waiting" if row.due_at else STATES.get(row.outcome, "not_sent"),
        tries=row.attempts,
        answer=row.reason if row.outcome not in ("sent", "delivered") else "",
        addressed_at=row.addressed_at,
        next_try_at=row.due_at,
        delivered_at=row.sent_at,
    )
