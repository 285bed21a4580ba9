"""POST /v1/lines/{id}/renewals/preview, POST /v1/lines/{id}/renewals."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.api.answers import answer
from keepline.api.bearer import actor_of, caller_of, holder_of, now_of, own, spender_of
from keepline.api.keys import key_of
from keepline.api.operations import started_answer
from keepline.api.shapes.orders import Order
from keepline.api.shapes.plans import Preview
from keepline.api.shapes.requests import Renewal, WhatToRenew
from keepline.core.money import Money
from keepline.flows import renew_line
from keepline.flows.list_exchanges import list_exchanges
from keepline.flows.list_ways_to_pay import list_ways_to_pay

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
    price, funding = view.decision.quote, view.decision.funding
    ways_for = list_ways_to_pay(holder.account_id, price.currency)
    ways = ways_for(funding.payment_minor or price.total_minor)
    part = Money(funding.payment_minor, price.currency)
    exchanges = list_exchanges(holder.account_id, part, now_of(request))
    return answer(Preview.of(view, [way.provider for way in ways], exchanges))


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
    holder, seen = spender_of(request), body.expected_total
    started = renew_line.start(
        renew_line.RenewalRequest(
            account_id=holder.account_id,
            line_id=own(line_id, holder),
            plan_code=body.plan_code,
            currency=body.currency or (seen.currency if seen else holder.currency),
            use_wallet=body.use_wallet,
            provider=body.provider,
            key=key_of(request),
            expected_total_minor=seen.amount_minor if seen else None,
            actor=actor_of(holder),
            channel="api",
            expected_valid_until=body.expected_valid_until,
            caller=caller_of(request),
            method_id=body.payment_method_id,
            pay_as=Money(body.pay_as.amount_minor, body.pay_as.currency) if body.pay_as else None,
        ),
        now_of(request),
    )
    return started_answer(request, started, body.plan_code)
