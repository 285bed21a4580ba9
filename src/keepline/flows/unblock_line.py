"""`line.unblocked`: what was lost was found again, or the line has another SIM.

    T  unblock_line.unblock    card and line under lock, the line goes on, the letter

A line that ran out meanwhile goes on from there: the clock puts it where it belongs at once. One
that was in grace or suspended before is so again, with the days that were left. Only
what was blocked as lost is unblocked so; a disputed payment is another reason, and not its
holder's to lift.
"""

from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.core.lifecycle.card import CardEvent, CardState
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.flows import wake
from keepline.flows.block_line import LOST, with_card
from keepline.flows.errors import FlowRefused
from keepline.flows.line_at_network import let_network_follow
from keepline.flows.steps import transaction_step
from keepline.inventory import sims
from keepline.lines import queries as line_queries
from keepline.lines import services as lines
from keepline.lines.interrupting import come_back
from keepline.messages import services as outbox

ACTION = "line.unblocked"


def unblock(account_id: UUID, line_id: UUID, actor: str, now: datetime, reason: str = "") -> None:
    """Unblocks the line and its card. Raises FlowRefused (not_found, change_refused, busy)."""
    try:
        with transaction_step("unblock_line.unblock"):
            line, card = with_card(account_id, line_id)
            if line.state is not LineState.BLOCKED or not was_lost(line.id):
                raise FlowRefused("change_refused")
            if card is not None and card.state == CardState.BLOCKED:
                sims.change_card(card.iccid, line.id, CardEvent.UNBLOCK, now)
            come_back(line, LineEvent.UNBLOCK, actor, "found", now)
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


def was_lost(line_id: UUID) -> bool:
    """Whether the line's last change of state was that it was blocked as lost."""
    last = line_queries.events_of(line_id, 1)
    return bool(last) and (last[0].event, last[0].cause) == (LineEvent.BLOCK, LOST)
