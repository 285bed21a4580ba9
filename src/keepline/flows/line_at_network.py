"""Lines as a network is told of them: who they are there, and what they should have now."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.catalog.queries import policy_values
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.core.network_service import DesiredService, standing
from keepline.flows import wake
from keepline.gateways import switchboard
from keepline.gateways.network.port import Subscriber
from keepline.inventory import queries as inventory
from keepline.lines import network_due
from keepline.lines.due import DueLine
from keepline.lines.services import LockedLine
from keepline.usage import queries as usage


def subscriber_of(line: LockedLine) -> Subscriber:
    """Who the line is at the network; see `subscribers_of`."""
    return subscribers_of([line])[line.id]


def subscribers_of(lines: Collection[LockedLine]) -> dict[UUID, Subscriber]:
    """Who each line is at the network. Three queries at most, however many lines; carriers are
    read where they have networks of their own, and remembered.

    One that ended names its number and card only as long as they are nobody else's: a word about
    them would otherwise be one about their next holder.
    """
    ended = [line for line in lines if line.state is LineState.TERMINATED]
    numbers = {line.e164 for line in ended if line.e164 is not None}
    stock = inventory.numbers_among(numbers) if numbers else {}
    holders = inventory.lines_with_cards({line.iccid for line in ended if line.iccid})
    names: dict[UUID, tuple[int | None, str | None]] = {}
    for line in lines:
        msisdn, iccid = line.e164, line.iccid
        if line.state is LineState.TERMINATED:
            number = stock.get(msisdn) if msisdn else None
            msisdn = msisdn if number is not None and number.line_id == line.id else None
            iccid = iccid if iccid and holders.get(iccid) == line.id else None
        names[line.id] = msisdn, iccid
    imsis = inventory.imsis_of({iccid for _, iccid in names.values() if iccid})
    carriers = _carriers_of(lines)
    return {
        line_id: Subscriber(
            str(line_id),
            msisdn,
            iccid,
            imsis.get(iccid) if iccid else None,
            carrier=carriers.get(line_id, ""),
        )
        for line_id, (msisdn, iccid) in names.items()
    }


def _carriers_of(lines: Collection[LockedLine]) -> dict[UUID, str]:
    """Codes of the carriers that the lines are on; none where one network is told of all lines."""
    if not switchboard.has_own("network"):
        return {}
    codes = catalog.carrier_codes()
    return {line.id: codes.get(line.carrier_id or 0, "") for line in lines}


def standing_of(line: LockedLine, now: datetime) -> DesiredService | None:
    """What the network should give the line by what the books say now."""
    return standings_of([line], {line.id: now})[line.id]


def standings_of(
    lines: Collection[LockedLine], instants: Mapping[UUID, datetime]
) -> dict[UUID, DesiredService | None]:
    """The same of each line, at what its clock shows. Two queries, however many lines."""
    left = usage.left_among({line.id: instants[line.id] for line in lines})
    return {
        line.id: standing(
            line.state,
            policy_values(line.policy_id).grace_service,
            line.valid_until,
            left[line.id],
        )
        for line in lines
    }


def let_network_follow(line_ids: Sequence[UUID], now: datetime) -> None:
    """Inside the transaction that changes what these lines should have: the network is told soon.

    `now` is what the lines' clock shows. Without a network there is nobody to tell.
    """
    if line_ids and switchboard.has("network") and network_due.mark(line_ids, now):
        wake.network()


def with_other_service(changed: Collection[DueLine], event: LineEvent) -> list[UUID]:
    """Those of the lines whose service is another after `event`, as far as the network sees.

    Where grace gives full service that goes on; but a network that holds expiries would end it
    with the old one.
    """
    if event is not LineEvent.EXPIRE:
        return [line.id for line in changed]
    ends_itself = switchboard.has("network") and "valid_until" in switchboard.network().keeps
    return [
        line.id
        for line in changed
        if ends_itself or policy_values(line.policy_id).grace_service != "full"
    ]
