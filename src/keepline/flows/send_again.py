"""`message.sent_again`: staff put a message that did not arrive on its way once more.

    T  send_again.put   all of its letter is due again, and who wanted that is written down

What it says is read anew, as for every message; what is not true any more does not go.
"""

from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.core.ids import slot_of
from keepline.flows import wake
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.messages import deliveries
from keepline.messages import queries as messages

ACTION = "message.sent_again"


def send_again(delivery_id: UUID, actor: str, now: datetime) -> None:
    """Raises FlowRefused: not_found, also for what arrived or still waits."""
    with transaction_step("send_again.put"):
        try:
            slot_of(delivery_id)
        except ValueError:
            raise FlowRefused("not_found") from None
        delivery = messages.delivery(delivery_id)
        if delivery is None or not deliveries.send_again(delivery_id, now):
            raise FlowRefused("not_found")
        audit.record(
            ACTION,
            actor=actor,
            now=now,
            account_id=delivery.account_id,
            subject_id=delivery_id,
            facts={"channel": delivery.channel, "kind": delivery.kind, "was": delivery.outcome},
        )
        wake.outbox()
