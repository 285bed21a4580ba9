"""A SIM comes off the shelf for a line: the very one that was named, or any of its kind.

Used inside the first transaction of buy_line and swap_sim, after numbers were locked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from keepline.core.identifiers import EidError, IccidError, parse_eid, parse_iccid
from keepline.core.parts import SimKind
from keepline.flows.delivering.elements import carrier_of
from keepline.flows.errors import FlowRefused
from keepline.gateways import switchboard
from keepline.inventory import holding, sims
from keepline.inventory.models import Card, Profile
from keepline.inventory.services import StockTaken

SIMS: dict[SimKind, type[Card] | type[Profile]] = {"card": Card, "profile": Profile}


class SimNotFree(FlowRefused):
    """No such SIM is free; another carrier may have one."""

    def __init__(self) -> None:
        super().__init__("sim_not_free")


@dataclass(frozen=True, slots=True)
class ChosenSim:
    """`iccid`: the very one, as a person writes it; None for any. `eid`: the device that an eSIM
    shall be bound to; None where it is not known."""

    kind: SimKind
    iccid: str | None
    eid: str | None


def take_sim(
    chosen: ChosenSim, pools: Sequence[int], account_id: UUID, line_id: UUID, now: datetime
) -> dict[str, Any]:
    """Holds it for the line until its order ends. What the order notes of it (Order.stock).

    Raises SimNotFree, FlowRefused: eid_refused, no_smdp_plus.
    """
    kind: Any = SIMS[chosen.kind]
    eid = _eid(chosen)
    try:
        if chosen.iccid is None:
            taken = holding.hold_any(kind, pools, account_id, None, now, line_id)
        else:
            iccid = parse_iccid(chosen.iccid)
            taken = holding.hold(kind, iccid, account_id, None, now, pools, line_id)
    except (StockTaken, holding.NoneFree, IccidError):
        raise SimNotFree from None
    held: dict[str, Any] = {chosen.kind: taken.iccid}
    if isinstance(taken, Profile):
        if not taken.matching_id and not switchboard.has_smdp_plus(carrier_of(taken)):
            raise FlowRefused("no_smdp_plus")
        held |= {"matching_id": sims.new_matching_id(), "eid": eid}
    return held


def _eid(chosen: ChosenSim) -> str | None:
    try:
        return None if chosen.eid is None else parse_eid(chosen.eid)
    except EidError:
        raise FlowRefused("eid_refused") from None
