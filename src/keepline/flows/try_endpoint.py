"""`endpoint.tried`: one event is sent to an endpoint on request, and what came of it is told.

    N  try_endpoint.send     signed as all are, with less patience: somebody waits for the answer
    T  try_endpoint.note     its line in the audit trail

It is no event of any line, is not tried again and counts neither for nor against the endpoint; an
endpoint that is switched off may be tried before it is switched on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from keepline.core import cloud_events
from keepline.core.ids import slot_of
from keepline.flows.hooking.kinds import TRIED
from keepline.flows.hooking.owners import Owner
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import ChannelRefused, ChannelUnavailable
from keepline.gateways.messaging.webhooks import WebhookMessage
from keepline.slots.ids import new_id

ACTION = "endpoint.tried"
PATIENCE_S: Final = 6
TRIES_A_MINUTE: Final = 6  # of one person; entrances count them


@dataclass(frozen=True, slots=True)
class Tried:
    """`answer`: the status, or a word for why there is none (calling.CallFailed)."""

    event_id: UUID
    delivered: bool
    answer: str


def try_endpoint(owner: Owner, endpoint_id: UUID, now: datetime) -> Tried:
    """What the endpoint answered. `now`: real time. Raises FlowRefused("not_found")."""
    endpoint = owner.endpoint(endpoint_id)
    event_id = new_id(slot_of(endpoint.id))
    body = cloud_events.envelope(
        event_id, TRIED, switchboard.public_url(), None, now, {"endpoint_id": str(endpoint.id)}
    )
    message = WebhookMessage(
        str(event_id), endpoint.url, body, endpoint.secrets, within_s=PATIENCE_S
    )
    with network_step("try_endpoint.send"):
        tried = _sent(event_id, message)
    with transaction_step("try_endpoint.note"):
        owner.record(ACTION, endpoint_id, now, answer=tried.answer)
    return tried


def _sent(event_id: UUID, message: WebhookMessage) -> Tried:
    try:
        switchboard.webhooks().send(message)
    except ChannelRefused as refused:
        return Tried(event_id, delivered=False, answer=refused.code)
    except ChannelUnavailable as error:
        return Tried(event_id, delivered=False, answer=str(error))
    return Tried(event_id, delivered=True, answer="2xx")
