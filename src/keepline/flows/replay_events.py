"""`endpoint.replayed`: events that came to an end are sent to an endpoint once more.

T  one transaction: they are due again, with the ids that they had, and the audit trail has a line.
   `deliver_message` sends them, in order, by the same rules as before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from keepline.flows import wake
from keepline.flows.errors import FlowRefused
from keepline.flows.hooking.owners import Owner
from keepline.messages import webhook_log

ACTION = "endpoint.replayed"
MOST: Final = 1000


@transaction.atomic
def replay_events(
    owner: Owner,
    endpoint_id: UUID,
    since: datetime,
    until: datetime,
    now: datetime,
    *,
    delivered: bool = False,
    only: Sequence[UUID] | None = None,
) -> int:
    """Events addressed from `since` on and before `until`, the oldest MOST of them; how many.

    `delivered`: also those that arrived. `only`: of these deliveries alone.
    Raises FlowRefused: not_found, endpoint_off, span_refused.
    """
    endpoint = owner.endpoint(endpoint_id)
    if not endpoint.is_on:
        raise FlowRefused("endpoint_off")
    if until <= since:
        raise FlowRefused("span_refused")
    events = webhook_log.send_again(endpoint, since, until, MOST, delivered=delivered, only=only)
    if events:
        owner.record(ACTION, endpoint_id, now, events=events)
        wake.outbox()
    return events
