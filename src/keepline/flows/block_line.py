"""`line.blocked`: a phone or card was lost or stolen; who has it can do nothing with the line.

    T  block_line.block    card and line under lock, the block, the letter

The network is told soon after (follow_network). Time runs on: what was paid for does not wait, and
a line that ran out meanwhile is in grace once it is unblocked. docs/numbers.md has it in prose.
"""

from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.core.lifecycle.card import CardEvent, CardState
from keepline.core.lifecycle.line import LINE, LineEvent
from keepline.flows import wake
from keepline.flows.errors import FlowRefused
from keepline.flows.line_at_network import let_network_follow
from keepline.flows.steps import transaction_step
from keepline.inventory import queries as stock
from keepline.inventory import sims
from keepline.inventory.models import Card
from keepline.lines import services as lines
from keepline.lines.services import LockedLine
from keepline.messages import services as outbox

ACTION = "line.blocked"
LOST = "lost"  # the cause in the line's history: its holder may unblock such a line


def block(account_id: UUID, line_id: UUID, actor: str, now: datetime, reason: str = "") -> None:
    """Blocks the line and its card. Raises FlowRefused (not_found, change_refused, busy).

    `reason`: for the audit trail alone, as staff write it.
    """
    try:
        with transaction_step("block_line.block"):
            line, card = with_card(account_id, line_id)
            if LineEvent.BLOCK not in LINE.allowed(line.state) or line.dormant:
                raise FlowRefused("change_refused")
            if card is not None and card.state == CardState.ASSIGNED:
                sims.change_card(card.iccid, line.id, CardEvent.BLOCK, now)
            lines.transition(line, LineEvent.BLOCK, actor, LOST, now)
            let_network_follow([line.id], now)
            outbox.put_all([(ACTION, account_id, line_id)], now)
            audit.record(
                ACTION,
                actor=actor,
                now=now,
                account_id=account_id,
                subject_id=line_id,
                reason=reason,
            )
    except lines.LineNotFound:
        raise FlowRefused("not_found") from None
    wake.outbox()


def with_card(account_id: UUID, line_id: UUID) -> tuple[LockedLine, Card | None]:
    """The line under lock, and before it its card, if it is one of ours. Raises FlowRefused."""
    seen = lines.read_line(line_id, account_id)
    known = stock.sim(Card, seen.iccid) if seen.iccid else None
    card = sims.lock_sim(Card, known.iccid) if known else None
    line = lines.lock_line(line_id, account_id)
    if line.iccid != seen.iccid:  # it got another SIM while we waited
        raise FlowRefused("busy")
    return line, card if card is not None and card.line_id == line.id else None
