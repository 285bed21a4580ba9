"""`carrier.switched`: a line goes to another carrier behind its plan, and to that one's SIM.

    start    T  key, the new SIM (held, or one that stands by), line, wallet; the order with its fee
    (deliver_order with flows.delivering.switching: an eSIM is ordered, the network takes the line
    from the old SIM and gives it to the new one; then line, carrier and SIM are one again)
    let_go   T  (inside advance) it ended without the new carrier: the old one works as before

docs/carriers.md has it in prose, and which numbers can go along.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.catalog.models import Carrier, Plan
from keepline.catalog.queries import policy_values
from keepline.core.lifecycle.profile import ON_A_PHONE
from keepline.core.parts import SIM_KINDS
from keepline.flows import changing, wake
from keepline.flows.changing import Fee
from keepline.flows.choosing_sim import ChosenSim, take_sim
from keepline.flows.delivering.switching import NewCarrier
from keepline.flows.errors import FlowRefused
from keepline.flows.paying import StartedOrder, refusals, replay
from keepline.flows.steps import transaction_step
from keepline.flows.swap_sim import SimSwapRequest
from keepline.inventory import offering, sims
from keepline.inventory import queries as stock
from keepline.inventory.models import Profile
from keepline.lines.services import LockedLine
from keepline.orders import queries as order_queries
from keepline.orders.models import OrderKind

ACTION = "carrier.switched"


@dataclass(frozen=True, slots=True)
class CarrierSwitchRequest(SimSwapRequest):
    """`carrier`: the code of another one behind the line's plan. `anew`: a new profile, although
    one stands by; its phone has lost it."""

    carrier: str = ""
    anew: bool = False


@dataclass(frozen=True, slots=True)
class CarrierOption:
    """A carrier behind the plan. `standby`: a profile of it is on the phone; `stocked`: a SIM of it
    is there; `number_stays`: the line's number cannot go along."""

    carrier: Carrier
    current: bool
    standby: bool
    stocked: bool
    number_stays: bool

    @property
    def open(self) -> bool:
        """Whether the line could go there."""
        return not self.current and not self.number_stays and (self.standby or self.stocked)


@dataclass(frozen=True, slots=True)
class CarrierSwitchPreview:
    """What a switch would cost. `refusal`: why there is none now, None when it can be; `again_at`:
    from when on it can, where only time stands against it."""

    fee: Fee
    options: Sequence[CarrierOption]
    refusal: FlowRefused | None
    again_at: datetime | None


def preview(account_id: UUID, line_id: UUID, now: datetime) -> CarrierSwitchPreview:
    """Decides without locks or writes. Raises FlowRefused("not_found"); `carrier_not_offered` is
    told as `refusal` where the plan has not several."""
    line = changing.line_as_seen(account_id, line_id)
    plan, refusal = _plan_of(line), None
    try:
        _demand_several(plan)
        _demand(line, now)
    except FlowRefused as refused:
        refusal = refused
    fee = changing.fee_of(line, policy_values(line.policy_id).carrier_switch_fee_minor)
    options = _options(line, plan, now) if len(plan.behind) > 1 else []
    return CarrierSwitchPreview(fee, options, refusal, _again_at(line, now))


def _options(line: LockedLine, plan: Plan, now: datetime) -> list[CarrierOption]:
    shelves, countries = offering.shelves(now), plan.region.countries if plan.region else ()
    beside = {each.standby_carrier_id for each in _standing_by(line, plan)}
    stays = _stays_with(line)
    return [
        CarrierOption(
            carrier=each,
            current=each.id == line.carrier_id,
            standby=each.id in beside,
            stocked=any(
                shelf.stocked
                for kind in SIM_KINDS.get(line.kind, ())
                for shelf in offering.serving(shelves, kind, [each.id], countries)
            ),
            number_stays=not stays.lets_go_to(each.id),
        )
        for each in plan.behind
    ]


def start(request: CarrierSwitchRequest, now: datetime) -> StartedOrder:
    """Accepts a switch, once for its key. Raises FlowRefused and then has changed nothing."""
    with refusals(), transaction_step("switch_carrier.start"):
        started = _start(request, now)
    if started.first:
        wake.orders()
    return started


def _start(request: CarrierSwitchRequest, now: datetime) -> StartedOrder:
    wanted = (request.carrier, request.sim, request.iccid, request.eid, request.anew)
    claim = changing.claim(request, "switch_carrier", request.digest(*wanted), now)
    if not claim.first:
        return replay(claim.order_id)
    seen = changing.line_as_seen(request.account_id, request.line_id)
    plan = _plan_of(seen)
    target = _target(request, seen, plan)
    _demand(seen, now)
    if not _stays_with(seen).lets_go_to(target.id):
        raise FlowRefused("number_stays")
    held = {"carrier": target.id} | _hold(request, seen, plan, target, now)
    line = changing.locked(seen)
    _demand(line, now)
    fee = changing.charge(request, line, policy_values(line.policy_id).carrier_switch_fee_minor)
    order = changing.draft(request, claim.order_id, OrderKind.CARRIER, line, fee, held, now)
    names = {each.id: each.name for each in plan.behind}
    order.proof = {
        **(order.proof or {}),
        "carrier_before": names.get(line.carrier_id or 0, ""),
        "carrier_after": target.name,
    }
    return changing.enter(order, line, "carrier.switch_asked", now)


def _plan_of(line: LockedLine) -> Plan:
    return catalog.plans_among({line.plan_id})[line.plan_id]


def _demand_several(plan: Plan) -> None:
    if len(plan.behind) <= 1:
        raise FlowRefused("carrier_not_offered")


def _target(request: CarrierSwitchRequest, line: LockedLine, plan: Plan) -> Carrier:
    _demand_several(plan)
    for each in plan.behind:
        if each.code == request.carrier and each.id != line.carrier_id:
            return each
        if each.code == request.carrier and order_queries.is_line_busy(line.id, line.account_id):
            raise FlowRefused("order_under_way")  # it may be on another by the end of that
    raise FlowRefused("carrier_not_offered")


def _demand(line: LockedLine, now: datetime) -> None:
    if line.iccid is None:
        raise FlowRefused("sim_not_for_plan")
    changing.demand_changeable(line, NewCarrier.states, now)
    again_at = _again_at(line, now)
    if again_at is not None:
        raise FlowRefused("carrier_switch_too_soon", again_at=again_at.isoformat())


def _again_at(line: LockedLine, now: datetime) -> datetime | None:
    """From when on it may be switched again; None: now."""
    last = order_queries.last_completed_at(line.id, line.account_id, OrderKind.CARRIER)
    at = last and last + timedelta(days=policy_values(line.policy_id).carrier_switch_days)
    return at if at is not None and now < at else None


@dataclass(frozen=True, slots=True)
class _StaysWith:
    """Where a line's number can be. `anywhere`: there is none, or it is the operator's own."""

    anywhere: bool
    carrier_id: int | None = None

    def lets_go_to(self, carrier_id: int) -> bool:
        """Whether the line can go there with it."""
        return self.anywhere or self.carrier_id == carrier_id


def _stays_with(line: LockedLine) -> _StaysWith:
    """A number of no pool came with its line, or was ported in: it stays where that is."""
    if line.e164 is None:
        return _StaysWith(anywhere=True)
    pool = stock.pool_of_number(line.e164)
    if pool is None:
        return _StaysWith(anywhere=False, carrier_id=line.carrier_id)
    return _StaysWith(anywhere=pool.carrier_id is None, carrier_id=pool.carrier_id)


def _standing_by(line: LockedLine, plan: Plan) -> list[Profile]:
    return stock.standing_by(line.id) if plan.keeps_profiles else []


def _hold(
    request: CarrierSwitchRequest, line: LockedLine, plan: Plan, target: Carrier, now: datetime
) -> dict[str, Any]:
    """The SIM that stands by for the carrier, or one off its shelf. Raises FlowRefused."""
    if request.sim == "profile" and not (request.anew or request.iccid or request.eid):
        for each in _standing_by(line, plan):
            if each.standby_carrier_id == target.id:
                locked = sims.lock_sim(Profile, each.iccid)
                if locked.standby_carrier_id == target.id and locked.state in ON_A_PHONE:
                    return {"standby": each.iccid}
    if request.sim not in SIM_KINDS.get(line.kind, ()):
        raise FlowRefused("sim_not_for_plan")
    pools = stock.pools_for(request.sim, target.id, plan.region.countries if plan.region else ())
    chosen = ChosenSim(request.sim, request.iccid, request.eid)
    return take_sim(chosen, pools, request.account_id, line.id, now)
