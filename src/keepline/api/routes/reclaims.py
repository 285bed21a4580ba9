"""POST /v1/lines/{id}/reclaim."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.api.bearer import actor_of, now_of, own, spender_of
from keepline.api.keys import key_of
from keepline.api.operations import started_answer
from keepline.api.shapes.orders import Order
from keepline.api.shapes.requests import NumberReclaim
from keepline.flows import reclaim_number

router = Router(tags=["lines"])


@router.post(
    "/lines/{uuid:line_id}/reclaim",
    response={201: Order},
    operation_id="reclaim_number",
    summary="Have a withdrawn number back",
    openapi_extra={
        "x-idempotent": True,
        "x-problems": ["not_found", "role_refused", "wallet_short", "price_changed", "busy"],
    },
)
def create_reclaim(request: HttpRequest, line_id: UUID, body: NumberReclaim) -> HttpResponse:
    """Gives the number of a line that ended back to its last holder, once for the key, for a fee
    from the wallet. The order's `line_id` is a new line, suspended: renew it and it works. Whoever
    may not have the number hears `not_found`."""
    holder, seen = spender_of(request), body.expected_fee
    started = reclaim_number.reclaim(
        reclaim_number.ReclaimRequest(
            account_id=holder.account_id,
            line_id=own(line_id, holder),
            key=key_of(request),
            expected_fee_minor=seen.amount_minor if seen else None,
            expected_currency=seen.currency if seen else None,
            actor=actor_of(holder),
            channel="api",
        ),
        now_of(request),
    )
    return started_answer(request, started, None)
