"""`messages.retention_set`: a holder says how long a line's received messages are kept.

    T  set_retention.set    the choice, the messages that are there, the audit event

Shorter takes effect on the messages that are there: what is over by now is erased at the next round
of flows/forget_messages.py, and shown to nobody from this moment on.
"""

from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.catalog.queries import policy_values
from keepline.flows.erase_message import demand_keeper
from keepline.flows.errors import FlowRefused
from keepline.flows.show_inbox import Reader, demand_line
from keepline.flows.steps import transaction_step
from keepline.messages import inbox

ACTION = "messages.retention_set"


def set_retention(line_id: UUID, days: int, reader: Reader, now: datetime) -> None:
    """`days`: 1 to the policy's message_days_most.

    Raises FlowRefused: messages_closed, messages_kept, not_found, days_refused.
    """
    demand_keeper(reader)
    line = demand_line(reader, line_id)
    assert line is not None
    most = policy_values(line.policy_id).message_days_most
    if not 1 <= days <= most:
        raise FlowRefused("days_refused", most=most)
    with transaction_step("set_retention.set"):
        inbox.choose_days(reader.account_id, line_id, days)
        audit.record(
            ACTION,
            actor=reader.actor,
            now=now,
            account_id=reader.account_id,
            subject_id=line_id,
            facts={"days": days},
        )
