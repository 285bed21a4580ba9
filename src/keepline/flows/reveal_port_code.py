"""`port.code_shown`: the code by which a number may leave is shown, and who saw it is written.

    T  reveal_port_code.show    the audit event, and the code

Without the event in the trail nobody sees a code: both are of one transaction.
"""

from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.core.lifecycle.port_out import PortOutState
from keepline.flows import changing
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.porting import codes
from keepline.porting import services as portings

ACTION = "port.code_shown"


def reveal(account_id: UUID, line_id: UUID, actor: str, now: datetime) -> str:
    """The code of a line of the account, while it is good.

    Raises FlowRefused: not_found, port_code_not_ready, change_refused where there is none.
    """
    with transaction_step("reveal_port_code.show"):
        changing.locked(changing.line_as_seen(account_id, line_id))
        row = portings.lock_under_way(line_id)
        if row is None or row.state != PortOutState.OPEN or row.valid_until <= now:
            raise FlowRefused("change_refused")
        if now < row.ready_at:
            raise FlowRefused("port_code_not_ready", ready_at=row.ready_at.isoformat())
        if row.shown_at is None:
            portings.note(row, shown_at=now)
        audit.record(ACTION, actor=actor, now=now, account_id=account_id, subject_id=line_id)
        return codes.opened(row.id, row.sealed_code)
