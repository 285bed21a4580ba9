"""Reads one line with its history and its orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.core.agenda import lead_choices, tries_in_grace
from keepline.flows.errors import FlowRefused
from keepline.flows.show_lines import LineCard, card, surroundings_of
from keepline.lines import queries as lines
from keepline.lines.models import Extension, LineEvent
from keepline.orders import queries as orders
from keepline.orders.models import Order

HISTORY = 30


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened. `extended` carries the period, `changed` the states."""

    kind: Literal["extended", "changed"]
    at: datetime
    order_id: UUID | None
    plan_name: dict[str, str] | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    source: str = ""
    target: str = ""
    cause: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class LineView:
    """A line, what happened to it (newest first), what was ordered for it (newest first).

    `lead_choices`: how many days ahead of expiry its policy tries to renew it, the earliest first;
    `tries_in_grace`: how many days into grace it tries again.
    """

    card: LineCard
    history: Sequence[HistoryEntry]
    orders: Sequence[Order]
    grace_days: int
    suspended_days: int
    quarantine_days: int
    lead_choices: Sequence[int]
    tries_in_grace: Sequence[int]


def show_line(line_id: UUID, account_id: UUID, now: datetime) -> LineView:
    """Raises FlowRefused("not_found") for a line of another account."""
    row = lines.line_of(line_id, account_id)
    if row is None:
        raise FlowRefused("not_found")
    around = surroundings_of(account_id, row, now)
    extensions = lines.extensions_of(line_id, HISTORY)
    events = lines.events_of(line_id, HISTORY)
    policy = around.policies[row.policy_id]
    rules = catalog.policy_of(policy).agenda
    return LineView(
        card=card(row, around, now),
        history=_history(extensions, events),
        orders=orders.orders_of_line(line_id, account_id, HISTORY),
        grace_days=policy.grace_days,
        suspended_days=policy.suspended_days,
        quarantine_days=policy.quarantine_days,
        lead_choices=lead_choices(rules),
        tries_in_grace=tries_in_grace(rules),
    )


def _history(
    extensions: Sequence[Extension], events: Sequence[LineEvent]
) -> Sequence[HistoryEntry]:
    plans = catalog.plans_among({row.plan_id for row in extensions})
    paid = {row.order_id for row in extensions}
    entries = [
        HistoryEntry(
            kind="extended",
            at=row.granted_at,
            order_id=row.order_id,
            plan_name=plans[row.plan_id].name,
            period_start=row.period_start,
            period_end=row.period_end,
        )
        for row in extensions
    ]
    # A renewal that brought a line back wrote both an extension and an event: one is enough.
    entries += [
        HistoryEntry(
            kind="changed",
            at=row.occurred_at,
            order_id=row.order_id,
            source=row.source,
            target=row.target,
            cause=row.cause,
            actor=row.actor,
        )
        for row in events
        if row.order_id not in paid or row.order_id is None
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:HISTORY]
