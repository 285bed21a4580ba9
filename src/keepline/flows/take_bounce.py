"""`mail.bounced`: a letter came back for good: its delivery says so, and its address is avoided.

    T  take_bounce.note    the delivery is refused, with the server's reason; a notice that a number
                           may be lost has warned nobody; if the address is at fault, and is still
                           its reader's, other channels take over

As when a server refuses the letter at once (deliver_message). The token of the return path tells
letter and address, and is believed for its signature alone; each letter comes back once. There is
no audit event: the delivery's row tells. docs/messages.md
"""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import structlog

from keepline.accounts import clocks
from keepline.accounts import queries as accounts
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.flows.telling.letters import WARNINGS
from keepline.flows.telling.return_tokens import Returned, mark_of, read_token
from keepline.gateways.messaging.bounces import Bounce
from keepline.gateways.messaging.port import without_addresses
from keepline.lines import services as lines
from keepline.messages import delivery_queries, preferences, receipts

ACTION = "mail.bounced"
CHANNEL = "email"
# A letter waits for days for its server, and servers try for days; later it is no news.
HEEDED_FOR = timedelta(days=14)

Taken = Literal["noted", "repeat", "late", "not_ours"]
log = structlog.get_logger(__name__)


def take(bounce: Bounce, now: datetime) -> Taken:
    """What became of it; all but `noted` changed nothing.

    Raises FlowRefused("busy") while the letter is not noted as sent: then it is to be told again.
    """
    returned = read_token(bounce.token)
    if returned is None:
        log.warning("bounce_not_believed")
        return "not_ours"
    with transaction_step("take_bounce.note"):
        return _noted(returned, bounce, now)


def _noted(returned: Returned, bounce: Bounce, now: datetime) -> Taken:
    delivery = delivery_queries.by_id(returned.delivery_id)
    if delivery is None or delivery.channel != CHANNEL:
        return "not_ours"  # a letter about signing in has no delivery
    if delivery.due_at is not None:
        raise FlowRefused("busy")
    at = clocks.now_for(delivery.account_id, now)
    if at - delivery.addressed_at > HEEDED_FOR:
        return "late"
    said = without_addresses(bounce.said)
    reason = f"{bounce.code}: {said}" if said else bounce.code
    if not receipts.note(returned.delivery_id, "refused", at, reason):
        return "repeat"
    # Lines before preferences, as where letters are noted as sent.
    lines.correct_warnings(
        delivery_queries.reached_at(returned.delivery_id, delivery.account_id, WARNINGS)
    )
    address = _address_of(delivery.account_id, delivery.recipient)
    if bounce.address_fails and mark_of(address) == returned.mark:
        came_back = {delivery.recipient: (address, bounce.code)}
        preferences.note_failing(CHANNEL, came_back, at)
    return "noted"


def _address_of(account_id: UUID, recipient: str) -> str:
    """Where letters to this person go now; "" when none do."""
    people = accounts.addresses_among([account_id]).get(account_id, [])
    user_id = preferences.user_of(recipient)
    return next((person.to for person in people if person.user_id == user_id), "")
