"""`port.stopped`: a holder keeps the number that was to leave.

    T  keep_number.keep    line and way out under lock; a code that nobody used is worth nothing

Where another operator has come with the code already, the wish is written down, and follow_ports
tells the clearing house: until the cut-over it takes it back, and its word counts.
"""

from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.core.lifecycle.port_out import PortOutEvent, PortOutState
from keepline.flows import changing, wake
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.messages import services as outbox
from keepline.porting import services as portings

ACTION = "port.stopped"


def keep(account_id: UUID, line_id: UUID, actor: str, now: datetime) -> None:
    """Raises FlowRefused: not_found, or change_refused where no number is on its way out."""
    with transaction_step("keep_number.keep"):
        changing.locked(changing.line_as_seen(account_id, line_id))
        row = portings.lock_under_way(line_id)
        if row is None:
            raise FlowRefused("change_refused")
        if row.stay_asked_at is not None:
            return
        if row.state == PortOutState.OPEN:
            portings.transition(row, PortOutEvent.REVOKE, now)
            outbox.put_all([("port.revoked", account_id, line_id)], now)
        else:
            looked_at = min(now, row.next_look_at or now)  # an account's clock may be ahead
            portings.note(row, stay_asked_at=now, next_look_at=looked_at, attempts=0)
        audit.record(ACTION, actor=actor, now=now, account_id=account_id, subject_id=line_id)
    wake.outbox()
    wake.ports()
