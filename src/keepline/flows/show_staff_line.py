"""Reads one line for staff: as its holder sees it, and who did what to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.accounts import queries as accounts
from keepline.audit import queries as audit
from keepline.audit.models import AuditEvent
from keepline.flows.errors import FlowRefused
from keepline.flows.show_identity import IdentityView, show_identity
from keepline.flows.show_line import LineView, show_line
from keepline.lines import queries as lines

ACTS = 20


@dataclass(frozen=True, slots=True)
class StaffLineView:
    """`acts`: what was done to the line outside of orders, newest first, with its reasons."""

    view: LineView
    account_id: UUID
    holder: str
    line_cap: int | None  # how many lines the account may have; None: as all others, 0: no end
    identity: IdentityView
    acts: Sequence[AuditEvent]


def show_staff_line(line_id: UUID, now: datetime) -> StaffLineView:
    """Raises FlowRefused("not_found")."""
    account_id = lines.owner_of(line_id)
    if account_id is None:
        raise FlowRefused("not_found")
    account = accounts.account(account_id)
    return StaffLineView(
        view=show_line(line_id, account_id, clocks.now_for(account_id, now)),
        account_id=account_id,
        holder=account.name,
        line_cap=account.line_cap,
        identity=show_identity(account_id, now),
        acts=audit.latest_about(line_id, account_id, ACTS),
    )
