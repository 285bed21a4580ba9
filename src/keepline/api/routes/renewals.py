"""POST /v1/lines/{id}/renewals/preview, POST /v1/lines/{id}/renewals."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.api.answers import answer
from keepline.api.bearer import holder_of, now_of, own, spender_of
from keepline.api.operations import started_answer
from keepline.api.paying import paid, ways_to_pay
from keepline.api.shapes.orders import Order
from keepline.api.shapes.renewals import Preview, Renewal, WhatToRenew
from keepline.flows import renew_line

router = Router(tags=["renewals"])
REFUSALS = [
    "not_found",
    "plan_not_for_line",
    "no_network",
    "state_refuses",
    "renewal_under_way",
    "wallet_short",
]


@router.post(
    "/lines/{uuid:line_id}/renewals/preview",
    response=Preview,
    operation_id="preview_renewal",
    summary="What a renewal would cost and give",
    openapi_extra={"x-problems": REFUSALS},
)
def preview_renewal(request: HttpRequest, line_id: UUID, body: WhatToRenew) -> HttpResponse:
    """The whole order before paying. Changes nothing."""
    holder = holder_of(request)
    view = renew_line.preview(
        holder.account_id,
        own(line_id, holder),
        body.plan_code,
        body.currency or holder.currency,
        body.use_wallet,
        now_of(request),
    )
    return answer(Preview.of(view, **ways_to_pay(request, view.decision)))


@router.post(
    "/lines/{uuid:line_id}/renewals",
    response={201: Order, 202: Order},
    operation_id="create_renewal",
    summary="Renew a line",
    openapi_extra={
        "x-idempotent": True,
        "x-problems": [
            *REFUSALS,
            "role_refused",
            "price_changed",
            "rate_changed",
            "line_changed",
            "provider_unknown",
            "method_unusable",
            "payments_paused",
            "amount_too_large",
            "provider_refused",
            "busy",
        ],
    },
)
def create_renewal(request: HttpRequest, line_id: UUID, body: Renewal) -> HttpResponse:
    """Renews the line, once for the key. 201: it is over, and the order is the proof. 202: the
    holder has to pay at `checkout_url`, or the network has to confirm; follow Location."""
    holder = spender_of(request)
    asked = renew_line.RenewalRequest(
        line_id=own(line_id, holder),
        **paid(request, holder, body),
        expected_valid_until=body.expected_valid_until,
    )
    return started_answer(request, renew_line.start(asked, now_of(request)), body.plan_code)
