"""Reads one line for staff: as its holder sees it, and who did what to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from uuid import UUID

from keepline.accounts import claims, clocks
from keepline.accounts import queries as accounts
from keepline.accounts.models import Account
from keepline.audit import queries as audit
from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.number import NumberState
from keepline.flows.errors import FlowRefused
from keepline.flows.show_identity import IdentityView, show_identity
from keepline.flows.show_line import LineView, show_line
from keepline.flows.show_lines import LineCard
from keepline.inventory import queries as inventory
from keepline.lines import queries as lines
from keepline.messages import inbox_queries as inbox

ACTS = 20


@dataclass(frozen=True, slots=True)
class Rest:
    """The line's number rests until `until_at`.

    `longest_until`: its release was put off because messages still came, no longer than until
    then; None: it was not. `messages`: how many came since it rests, the last on the day of
    `last_at` (UTC, noon).
    """

    until_at: datetime
    longest_until: datetime | None
    messages: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class StaffLineView:
    """`acts`: what was done to the line outside of orders, newest first, with its reasons.

    `rest`: None while its number does not rest after it. `on_file`: the contacts of an import while
    nobody signs in to the account; None: somebody does.
    """

    view: LineView
    account_id: UUID
    holder: str
    on_file: Sequence[str] | None
    line_cap: int | None  # how many lines the account may have; None: as all others, 0: no end
    identity: IdentityView
    acts: Sequence[AuditEvent]
    rest: Rest | None


def show_staff_line(line_id: UUID, now: datetime) -> StaffLineView:
    """Raises FlowRefused("not_found")."""
    account_id = lines.owner_of(line_id)
    if account_id is None:
        raise FlowRefused("not_found")
    account = accounts.account(account_id)
    view = show_line(line_id, account_id, clocks.now_for(account_id, now))
    return StaffLineView(
        view=view,
        account_id=account_id,
        holder=account.name,
        on_file=_on_file(account),
        line_cap=account.line_cap,
        identity=show_identity(account_id, now),
        acts=audit.latest_about(line_id, account_id, ACTS),
        rest=_rest(line_id, view.card),
    )


def _on_file(account: Account) -> Sequence[str] | None:
    if not claims.is_unclaimed(account):
        return None
    return [each for each in (account.contact_email, account.contact_phone) if each]


def _rest(line_id: UUID, card: LineCard) -> Rest | None:
    if card.state != LineState.TERMINATED or card.e164 is None:
        return None
    number = inventory.number(card.e164)
    if number is None or (number.state, number.line_id) != (NumberState.QUARANTINE, line_id):
        return None
    assert number.until_at is not None, f"number {number.e164} rests without an end"
    messages, last_on = inbox.unclaimed_since(number.e164, number.since_at.date())
    last_at = datetime.combine(last_on, time(12), UTC) if last_on else None
    return Rest(number.until_at, number.longest_until, messages, last_at)
