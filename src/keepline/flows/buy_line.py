"""`line.bought`: a new line out of stock: a number, a SIM, a first term.

The way down (docs/purchase.md has it in prose):

    start    T  key, stock, wallet, decision; the line is reserved, number and SIM are held for it
    (open_payment, settle_payment: the provider's part)
    begin    T  (inside start or settle) the money is there: the line is provisioning
    (deliver_order with flows.delivering.buying: eSIM ordered, network told, all of it the line's)
    let_go   T  (inside advance) it ended without service: stock goes back, the line never lived
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from keepline.accounts import clocks
from keepline.accounts import queries as accounts
from keepline.catalog import queries as catalog
from keepline.catalog.queries import PlanOffer
from keepline.core.identifiers import regions_of_msisdn
from keepline.core.ids import derived_id, slot_of
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.parts import Parts, SimKind, parts_of
from keepline.core.renewal import RenewalDecision, UseWallet
from keepline.flows import bring_number, wake
from keepline.flows.choosing_sim import ChosenSim, SimNotFree, take_sim
from keepline.flows.delivering.kinds import delivery_of
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import demand_identity
from keepline.flows.paying import (
    PaidRequest,
    StartedOrder,
    decided,
    draft,
    enter,
    offer_for,
    refusals,
    replay,
)
from keepline.flows.rename_line import checked
from keepline.flows.steps import transaction_step
from keepline.gateways import switchboard
from keepline.inventory import holding
from keepline.inventory import queries as stock
from keepline.inventory import services as inventory
from keepline.inventory.models import Number, StockKind
from keepline.inventory.services import StockTaken
from keepline.ledger import queries as ledger_queries
from keepline.ledger import services as ledger
from keepline.lines import queries as lines
from keepline.lines.opening import one_purchase_at_a_time, reserve_line
from keepline.lines.services import LockedLine
from keepline.orders import services as orders
from keepline.orders.models import Order, OrderKind
from keepline.porting.ways_in import Brought

ACTION = "line.bought"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRequest(PaidRequest):
    """What a buyer asks for.

    `e164`: the number that was chosen, None for any. `sim`: a card or an eSIM profile, None for the
    usual one of the plan. `iccid`: the very card, for one that lies on the counter. `eid`: the
    device that an eSIM shall be bound to. `carrier`: the code of one of the plan's, where it has
    several; None for the first of which everything is there. `bring`: the number comes along from
    another operator (bring_number); `e164` is None then.
    """

    e164: int | None = None
    sim: SimKind | None = None
    iccid: str | None = None
    eid: str | None = None
    carrier: str | None = None
    label: str = ""
    bring: Brought | None = None

    def digest(self) -> bytes:
        """SHA-256 of what the key stands for: the same key with another body is refused."""
        body: list[object] = [
            str(self.account_id),
            self.plan_code,
            self.currency,
            self.use_wallet,
            self.provider,
            self.expected_total_minor,
            self.e164,
            self.sim,
            self.iccid,
            self.eid,
            self.label,
            str(self.method_id),
            self.pay_as and [self.pay_as.amount_minor, self.pay_as.currency],
            *([self.carrier] if self.carrier else []),
        ]
        if self.bring is not None:
            body.append([self.bring.e164, self.bring.code, self.bring.holder])
        return hashlib.sha256(json.dumps(body).encode()).digest()


@dataclass(frozen=True, slots=True)
class PurchasePreview:
    """The whole order before paying; what the receipt will say if it is accepted now."""

    offer: PlanOffer
    parts: Parts
    decision: RenewalDecision
    wallet_free_minor: int


def preview(
    account_id: UUID, plan_code: str, currency: str, use_wallet: UseWallet, now: datetime
) -> PurchasePreview:
    """Decides without locks or writes. Raises FlowRefused as `start` would, but for stock."""
    offer = offer_for(account_id, plan_code, currency, now, "plan_not_sold")
    parts = _deliverable(offer)
    _demand_room(account_id)
    demand_identity(account_id, offer.policy_id)
    wallet_id = ledger.wallet_id_of(account_id, currency)
    free = ledger_queries.free_minor(wallet_id)
    line = _line_to_be(account_id, account_id, wallet_id, offer)
    return PurchasePreview(offer, parts, _decide(line, offer, use_wallet, free, now), free)


def start(request: PurchaseRequest, now: datetime) -> StartedOrder:
    """Accepts a purchase, once for its key. Raises FlowRefused and then has changed nothing."""
    if request.provider is not None and request.provider not in switchboard.providers():
        raise FlowRefused("provider_unknown")
    label = checked(request.label)
    with refusals(), transaction_step("buy_line.start"):
        started = _start(request, label, now)
    if started.state is OrderState.IN_PROGRESS or request.method_id is not None:
        wake.orders()
    return started


def _start(request: PurchaseRequest, label: str, now: datetime) -> StartedOrder:
    slot = slot_of(request.account_id)
    claim = orders.claim_key(slot, request.actor, "buy_line", request.key, request.digest(), now)()
    if not claim.first:
        return replay(claim.order_id)
    clocks.clock_of_new_line(request.account_id)  # before numbers and lines
    _demand_room(request.account_id, alone=True)
    offer = offer_for(request.account_id, request.plan_code, request.currency, now, "plan_not_sold")
    parts = _deliverable(offer)
    demand_identity(request.account_id, offer.policy_id)
    if request.bring is not None:
        _bringable(request.bring, parts, offer)
    line_id = derived_id(claim.order_id, "line")
    carrier_id, held = _hold_of_any(request, offer, line_id, now)
    wallet_id, free = ledger.lock_wallet_of(request.account_id, request.currency)
    line = _line_to_be(line_id, request.account_id, wallet_id, offer, held)
    line = replace(line, carrier_id=carrier_id)
    decision = _decide(line, offer, request.use_wallet, free, now)
    order = draft(
        request, claim.order_id, OrderKind.PURCHASE, wallet_id, line, offer, decision, now
    )
    order.stock = held
    reserve_line(line, label, now)
    if request.bring is not None:
        bring_number.want(order.id, line.id, request.account_id, request.bring, now)
    return _enter(request, order, line, offer, now)


def _demand_room(account_id: UUID, *, alone: bool = False) -> None:
    """`alone`: no other purchase of the account counts until this one's transaction ends. The lock
    is taken before all others but the key's, and by purchases only.

    Raises FlowRefused("too_many_lines").
    """
    own = accounts.account(account_id).line_cap
    cap = settings.ENV.lines_per_account if own is None else own
    if not cap:
        return
    if alone:
        one_purchase_at_a_time(account_id)
    if lines.count_living(account_id) >= cap:
        raise FlowRefused("too_many_lines", cap=cap)


def _enter(
    request: PurchaseRequest, order: Order, line: LockedLine, offer: PlanOffer, now: datetime
) -> StartedOrder:
    delivery = delivery_of(order)
    reserved = replace(line, state=LineState.RESERVED)
    if order.payment_minor == 0 and order.delivery == "network":
        delivery.begin(order, reserved, now)
    at_once = partial(delivery.confirm, order, reserved, None, now)
    return enter(request, order, offer.promise_seconds, now, at_once)


def _hold_of_any(
    request: PurchaseRequest, offer: PlanOffer, line_id: UUID, now: datetime
) -> tuple[int | None, dict[str, Any]]:
    """The line's carrier, and what it is made of: of the carrier that was asked for, or of the
    first behind the plan that has all of it. Raises as `_hold`; carrier_not_offered."""
    carriers = _carriers(request, offer)
    if len(carriers) <= 1:
        carrier_id = next(iter(carriers), None)
        return carrier_id, _hold(request, offer, carrier_id, line_id, now)
    short: Exception | None = None
    for carrier_id in carriers:
        try:
            with transaction.atomic():
                return carrier_id, _hold(request, offer, carrier_id, line_id, now)
        except (StockTaken, holding.NoneFree, SimNotFree) as why:
            # One that has the number, and no SIM, tells more than one that has not even that.
            short = why if short is None or isinstance(why, SimNotFree) else short
    assert short is not None
    raise short


def _carriers(request: PurchaseRequest, offer: PlanOffer) -> tuple[int, ...]:
    if request.carrier is None:
        return offer.carriers
    asked_for = catalog.carrier_ids().get(request.carrier)
    if asked_for is None or asked_for not in offer.carriers:
        raise FlowRefused("carrier_not_offered")
    return (asked_for,)


def _hold(
    request: PurchaseRequest,
    offer: PlanOffer,
    carrier_id: int | None,
    line_id: UUID,
    now: datetime,
) -> dict[str, Any]:
    """Takes what the line is made of off the shelf, the number first. Nobody waits for anybody."""
    parts, held = parts_of(offer.line_kind, offer.allowance), dict[str, Any]()
    if request.e164 is not None and not parts.number:
        raise FlowRefused("number_not_needed")
    countries = catalog.countries_of(offer.region_id)
    if parts.number and request.bring is not None:
        held |= _expect(request.bring, request.account_id, line_id, now)
    elif parts.number:
        pools = stock.pools_for(StockKind.NUMBER, carrier_id, countries)
        held["number"] = _take_number(request, pools, line_id, now)
    sim = request.sim or (parts.sims[0] if parts.sims else None)
    if request.eid is not None and sim != "profile":
        raise FlowRefused("eid_refused")
    if (sim or request.iccid) and sim not in parts.sims:
        raise FlowRefused("sim_not_for_plan")
    if sim is not None:
        pools = stock.pools_for(sim, carrier_id, countries)
        chosen = ChosenSim(sim, request.iccid, request.eid)
        held |= take_sim(chosen, pools, request.account_id, line_id, now)
    return held


def _take_number(request: PurchaseRequest, pools: list[int], line_id: UUID, now: datetime) -> int:
    whose = request.account_id, None, now
    if request.e164 is None:
        number = holding.hold_any(Number, pools, *whose, line_id)
    else:
        number = holding.hold(Number, request.e164, *whose, pools, line_id)
    return number.e164


def _bringable(bring: Brought, parts: Parts, offer: PlanOffer) -> None:
    """Raises FlowRefused when such a number could not come, whatever its operator says."""
    if not switchboard.has("porting") or not switchboard.has("network"):
        raise FlowRefused("no_porting")
    if not parts.number:
        raise FlowRefused("number_not_needed")
    countries = catalog.countries_of(offer.region_id)
    elsewhere = countries and not set(countries).intersection(regions_of_msisdn(bring.e164))
    if elsewhere or not bring.is_well_formed:
        raise FlowRefused("port_in_refused")


def _expect(bring: Brought, account_id: UUID, line_id: UUID, now: datetime) -> dict[str, Any]:
    try:
        inventory.expect(bring.e164, account_id, line_id, now)
    except StockTaken:
        raise FlowRefused("port_in_refused") from None
    return {"number": bring.e164, "brought": True}


def _line_to_be(
    line_id: UUID,
    account_id: UUID,
    wallet_id: UUID,
    offer: PlanOffer,
    held: dict[str, Any] | None = None,
) -> LockedLine:
    """The line as it will be: what the decision of a renewal is made on, with nothing before it."""
    held = held or {}
    return LockedLine(
        id=line_id,
        account_id=account_id,
        wallet_id=wallet_id,
        kind=offer.line_kind,
        e164=held.get("number"),
        iccid=held.get("card") or held.get("profile"),
        carrier_id=offer.carrier_id,
        time_zone=accounts.account(account_id).time_zone,
        state=LineState.READY,
        plan_id=offer.plan_id,
        policy_id=offer.policy_id,
        valid_until=None,
        anchor_at=None,
        anchor_count=0,
        since_at=None,
        auto_renew=False,
        lead_days=None,
        dormant=False,
    )


def _deliverable(offer: PlanOffer) -> Parts:
    """What the line is made of. Raises FlowRefused when nobody could bring it to life."""
    parts = parts_of(offer.line_kind, offer.allowance)
    if not switchboard.has("network") and (parts.sims or offer.delivery == "network"):
        raise FlowRefused("no_network")
    return parts


def _decide(
    line: LockedLine, offer: PlanOffer, use_wallet: UseWallet, free: int, now: datetime
) -> RenewalDecision:
    """The decision of a renewal; but where there is a network it is told of every new line."""
    decision = decided(line, offer, use_wallet, free, now)
    return replace(decision, delivery="network") if switchboard.has("network") else decision
