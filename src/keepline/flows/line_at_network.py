"""A line as a network is told of it: who it is there, and what it should have now."""

from datetime import datetime

from keepline.catalog.queries import policy_values
from keepline.core.lifecycle.line import LineState
from keepline.core.network_service import DesiredService, standing
from keepline.gateways.network.port import Subscriber
from keepline.inventory import queries as inventory
from keepline.lines.services import LockedLine
from keepline.usage import queries as usage


def subscriber_of(line: LockedLine) -> Subscriber:
    """Who the line is at the network.

    One that ended names its number and card only as long as they are nobody else's: a word about
    them would otherwise be one about their next holder.
    """
    msisdn, iccid = line.e164, line.iccid
    if line.state is LineState.TERMINATED:
        msisdn = msisdn if msisdn and _held_last(msisdn, line) else None
        iccid = iccid if iccid and inventory.line_with_card(iccid) == line.id else None
    imsi = inventory.imsi_of(iccid) if iccid else None
    return Subscriber(str(line.id), msisdn, iccid, imsi)


def _held_last(e164: int, line: LockedLine) -> bool:
    number = inventory.number(e164)
    return number is not None and number.line_id == line.id


def standing_of(line: LockedLine, now: datetime) -> DesiredService | None:
    """What the network should give the line by what the books say now."""
    rules = policy_values(line.policy_id)
    return standing(line.state, rules.grace_service, line.valid_until, usage.left(line.id, now))
