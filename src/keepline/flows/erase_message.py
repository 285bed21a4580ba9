"""`message.erased`: one received message is erased by somebody who may.

T  erase_message.erase    the row, and who did it
"""

from datetime import datetime
from uuid import UUID

from keepline.accounts.queries import may_keep
from keepline.audit import services as audit
from keepline.flows.errors import FlowRefused
from keepline.flows.show_inbox import Reader, demand_reader
from keepline.flows.steps import transaction_step
from keepline.messages import inbox

ACTION = "message.erased"


def erase_message(message_id: UUID, reader: Reader, now: datetime) -> None:
    """Raises FlowRefused: messages_closed, messages_kept, not_found (also when it is erased)."""
    demand_keeper(reader)
    with transaction_step("erase_message.erase"):
        if not inbox.erase(reader.account_id, message_id):
            raise FlowRefused("not_found")
        audit.record(
            ACTION,
            actor=reader.actor,
            now=now,
            account_id=reader.account_id,
            subject_id=message_id,
        )


def demand_keeper(reader: Reader) -> None:
    """Raises FlowRefused for who may not read, and for who may read only."""
    demand_reader(reader)
    if not may_keep(reader.role):
        raise FlowRefused("messages_kept")
