"""GET /v1/lines/{id}/carriers, POST /v1/lines/{id}/carrier."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.api.answers import answer
from keepline.api.bearer import actor_of, holder_of, now_of, own, spender_of
from keepline.api.keys import key_of
from keepline.api.operations import started_answer
from keepline.api.shapes.carriers import CarrierSwitch, LineCarriers
from keepline.api.shapes.orders import Order
from keepline.api.shapes.purchases import KINDS
from keepline.flows import switch_carrier

router = Router(tags=["lines"])


@router.get(
    "/lines/{uuid:line_id}/carriers",
    response=LineCarriers,
    operation_id="list_line_carriers",
    summary="Carriers for a line",
    openapi_extra={"x-problems": ["not_found"]},
)
def list_line_carriers(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """The carriers behind the line's plan, to which of them it could go now, and for what fee."""
    holder = holder_of(request)
    seen = switch_carrier.preview(holder.account_id, own(line_id, holder), now_of(request))
    return answer(LineCarriers.of(line_id, seen))


@router.post(
    "/lines/{uuid:line_id}/carrier",
    response={202: Order},
    operation_id="switch_carrier",
    summary="Switch a line to another carrier",
    openapi_extra={
        "x-idempotent": True,
        "x-problems": [
            "not_found",
            "role_refused",
            "carrier_not_offered",
            "carrier_switch_too_soon",
            "number_stays",
            "sim_not_for_plan",
            "sim_not_free",
            "eid_refused",
            "no_smdp_plus",
            "no_network",
            "change_refused",
            "transfer_locked",
            "order_under_way",
            "wallet_short",
            "price_changed",
            "busy",
        ],
    },
)
def create_carrier_switch(request: HttpRequest, line_id: UUID, body: CarrierSwitch) -> HttpResponse:
    """Brings the line to another carrier behind its plan, once for the key, for a fee from the
    wallet. The old carrier serves until the network has confirmed the new one; follow Location.
    What ends without it leaves the line as it was, and the fee free."""
    holder, seen = spender_of(request), body.expected_fee
    started = switch_carrier.start(
        switch_carrier.CarrierSwitchRequest(
            account_id=holder.account_id,
            line_id=own(line_id, holder),
            key=key_of(request),
            expected_fee_minor=seen.amount_minor if seen else None,
            expected_currency=seen.currency if seen else None,
            actor=actor_of(holder),
            channel="api",
            sim=KINDS[body.sim],
            iccid=body.iccid,
            eid=body.eid,
            carrier=body.carrier,
            anew=body.anew,
        ),
        now_of(request),
    )
    return started_answer(request, started, None)
