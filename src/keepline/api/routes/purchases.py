"""GET /v1/plans/{plan_code}/numbers, POST /v1/lines/preview, POST /v1/lines."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query

from keepline.api.answers import answer
from keepline.api.bearer import holder_of, now_of, spender_of
from keepline.api.operations import started_answer
from keepline.api.paying import paid, ways_to_pay
from keepline.api.routes.lines import router
from keepline.api.shapes.parts import Code
from keepline.api.shapes.purchases import (
    KINDS,
    FreeNumber,
    FreeNumbers,
    LinePreview,
    NewLine,
    Order,
    WhatToBuy,
)
from keepline.flows import buy_line
from keepline.flows.list_numbers import list_numbers

REFUSALS = [
    "plan_not_sold",
    "no_network",
    "wallet_short",
    "identity_needed",
    "no_identity_check",
]
Country = Annotated[str, Query("", pattern="^([A-Z]{2})?$", description="ISO 3166-1 alpha-2.")]


@router.get(
    "/plans/{plan_code}/numbers",
    response=FreeNumbers,
    operation_id="list_numbers",
    summary="Free numbers to choose from",
    openapi_extra={"x-problems": ["plan_not_sold", "number_not_needed"]},
)
def get_numbers(
    request: HttpRequest,
    plan_code: Annotated[Code, Path()],
    country: Country = "",
    page: Annotated[int, Query(0, ge=0, le=100)] = 0,
) -> HttpResponse:
    """A few numbers that a line with this plan could have. Nothing is held: whoever buys first has
    it, and `POST /v1/lines` says `number_taken` to the second."""
    holder = holder_of(request)
    found = list_numbers(
        holder.account_id, plan_code, holder.currency, now_of(request), country, page
    )
    items = [FreeNumber.of(each) for each in found]
    return answer(FreeNumbers(plan_code=plan_code, items=items))


@router.post(
    "/lines/preview",
    response=LinePreview,
    operation_id="preview_line",
    summary="What a new line would cost and give",
    openapi_extra={"x-problems": REFUSALS},
)
def preview_line(request: HttpRequest, body: WhatToBuy) -> HttpResponse:
    """The whole order before paying. Changes nothing, and holds nothing."""
    holder, now = holder_of(request), now_of(request)
    currency = body.currency or holder.currency
    view = buy_line.preview(holder.account_id, body.plan_code, currency, body.use_wallet, now)
    return answer(LinePreview.of(view, **ways_to_pay(request, view.decision)))


@router.post(
    "/lines",
    response={201: Order, 202: Order},
    operation_id="create_line",
    summary="Buy a line",
    openapi_extra={
        "x-idempotent": True,
        "x-problems": [
            *REFUSALS,
            "role_refused",
            "number_taken",
            "none_free",
            "too_many_lines",
            "number_not_needed",
            "no_porting",
            "port_in_refused",
            "sim_not_for_plan",
            "eid_refused",
            "carrier_not_offered",
            "no_smdp_plus",
            "label_refused",
            "price_changed",
            "rate_changed",
            "provider_unknown",
            "method_unusable",
            "payments_paused",
            "amount_too_large",
            "provider_refused",
            "busy",
        ],
    },
)
def create_line(request: HttpRequest, body: NewLine) -> HttpResponse:
    """Buys a line out of stock, once for the key. 201: it is over, and the order's `line_id` is
    the new line. 202: the holder has to pay at `checkout_url`, or SM-DP+ and network have to
    confirm; follow Location. A number that is brought may take days. What ends without service
    gives money and stock back by itself."""
    asked = buy_line.PurchaseRequest(
        **paid(request, spender_of(request), body),
        e164=int(body.msisdn[1:]) if body.msisdn else None,
        bring=body.brought,
        sim=KINDS[body.sim] if body.sim else None,
        iccid=body.iccid,
        eid=body.eid,
        carrier=body.carrier,
        label=body.label,
    )
    return started_answer(request, buy_line.start(asked, now_of(request)), body.plan_code)
