"""`sim.swapped`: a line goes on with another card or eSIM profile, under the number it has.

    start    T  key, the new card or profile (held), line, wallet; the order with its fee, if any
    (deliver_order with flows.delivering.swapping: an eSIM is ordered, the network takes the number
    from the old SIM and gives it to the new one; then the new one is the line's)
    let_go   T  (inside advance) it ended without a new SIM: the old one works as before

docs/numbers.md has it in prose.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from keepline.catalog.queries import policy_values
from keepline.core.parts import SIM_KINDS, SimKind
from keepline.flows import changing, wake
from keepline.flows.changing import ChangeRequest, Fee
from keepline.flows.choosing_sim import ChosenSim, take_sim
from keepline.flows.delivering.swapping import NewSim
from keepline.flows.errors import FlowRefused
from keepline.flows.paying import StartedOrder, refusals, replay
from keepline.flows.steps import transaction_step
from keepline.inventory import queries as stock
from keepline.lines.services import LockedLine
from keepline.orders.models import OrderKind

ACTION = "sim.swapped"


@dataclass(frozen=True, slots=True)
class SimSwapRequest(ChangeRequest):
    """`sim`: a card, or an eSIM profile. `iccid`: the very one, for a card that is in the holder's
    hand; None for any. `eid`: the device that an eSIM shall be bound to."""

    sim: SimKind = "profile"
    iccid: str | None = None
    eid: str | None = None


@dataclass(frozen=True, slots=True)
class SimSwapPreview:
    """What a swap would cost; `refusal`: why it cannot be done now, None when it can."""

    fee: Fee
    refusal: FlowRefused | None


def preview(account_id: UUID, line_id: UUID, now: datetime) -> SimSwapPreview:
    """Decides without locks or writes. Raises FlowRefused("not_found")."""
    line, refusal = changing.line_as_seen(account_id, line_id), None
    try:
        demand(line, now)
    except FlowRefused as refused:
        refusal = refused
    fee = changing.fee_of(line, policy_values(line.policy_id).sim_swap_fee_minor)
    return SimSwapPreview(fee, refusal)


def start(request: SimSwapRequest, now: datetime) -> StartedOrder:
    """Accepts a swap, once for its key. Raises FlowRefused and then has changed nothing."""
    with refusals(), transaction_step("swap_sim.start"):
        started = _start(request, now)
    if started.first:
        wake.orders()
    return started


def _start(request: SimSwapRequest, now: datetime) -> StartedOrder:
    digest = request.digest(request.sim, request.iccid, request.eid)
    claim = changing.claim(request, "swap_sim", digest, now)
    if not claim.first:
        return replay(claim.order_id)
    return accept(request, claim.order_id, lambda line: demand(line, now, request.sim), now)


def accept(
    request: SimSwapRequest,
    order_id: UUID,
    demand_fit: Callable[[LockedLine], None],
    now: datetime,
    *,
    reissue: bool = False,
) -> StartedOrder:
    """The order, with the new SIM held for it. `demand_fit` refuses a line for which there is none;
    it is asked before the locks and under them. `reissue`: free of charge."""
    seen = changing.line_as_seen(request.account_id, request.line_id)
    demand_fit(seen)
    held = _hold(request, seen, now) | ({"reissue": True} if reissue else {})
    line = changing.locked(seen)
    demand_fit(line)
    fees = {} if reissue else policy_values(line.policy_id).sim_swap_fee_minor
    fee = changing.charge(request, line, fees)
    order = changing.draft(request, order_id, OrderKind.NEW_SIM, line, fee, held, now)
    return changing.enter(order, line, "sim.swap_asked", now)


def demand(line: LockedLine, now: datetime, sim: SimKind | None = None) -> None:
    """Raises FlowRefused when the line cannot have a SIM of this kind (None: of its usual) now."""
    kinds = SIM_KINDS.get(line.kind, ())
    if line.iccid is None or (sim or next(iter(kinds), None)) not in kinds:
        raise FlowRefused("sim_not_for_plan")
    changing.demand_changeable(line, NewSim.states, now)


def _hold(request: SimSwapRequest, line: LockedLine, now: datetime) -> dict[str, Any]:
    """Takes the new SIM off the shelf: the order's stock. Raises FlowRefused as `take_sim`."""
    pools = stock.pools_for(request.sim, line.carrier_id, changing.countries_of(line))
    chosen = ChosenSim(request.sim, request.iccid, request.eid)
    return take_sim(chosen, pools, request.account_id, line.id, now)
