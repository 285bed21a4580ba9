"""GET /v1/lines, GET and PATCH /v1/lines/{id}, PUT .../auto-renew, GET .../plans."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from keepline.api.answers import answer, page, said
from keepline.api.bearer import actor_of, holder_of, now_of, own, spender_of
from keepline.api.cursors import Cursor, seal, unseal
from keepline.api.routes.plans import region_of
from keepline.api.shapes.lines import Line, LineDetail, LinesPage
from keepline.api.shapes.parts import Currency
from keepline.api.shapes.plans import OfferedPlan, OfferedPlans, plan_fields
from keepline.api.shapes.requests import AutoRenewChange, LineChange
from keepline.flows.list_plans import list_plans
from keepline.flows.rename_line import rename_line
from keepline.flows.set_auto_renew import AutoRenewWish, set_auto_renew
from keepline.flows.show_line import show_line
from keepline.flows.show_lines import show_lines

router = Router(tags=["lines"])


@router.get(
    "/lines",
    response=LinesPage,
    operation_id="list_lines",
    summary="My lines",
    openapi_extra={"x-problems": ["cursor_refused"]},
)
def list_lines(request: HttpRequest, cursor: Cursor = None) -> HttpResponse:
    """The account's lines, soonest expiry first, 50 a page."""
    account_id = holder_of(request).account_id
    offset = unseal(cursor, "lines", account_id) or 0
    view = show_lines(account_id, now_of(request), offset)
    items = [Line.of(card, said(card.plan_name, request)) for card in view.cards]
    return page(request, LinesPage, items, seal(view.next_offset, "lines", account_id))


@router.get(
    "/lines/{uuid:line_id}",
    response=LineDetail,
    operation_id="get_line",
    summary="One line",
    openapi_extra={"x-problems": ["not_found"]},
)
def get_line(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """One line with its history."""
    holder = holder_of(request)
    view = show_line(own(line_id, holder), holder.account_id, now_of(request))
    return answer(LineDetail.of_view(view, said(view.card.plan_name, request)))


@router.patch(
    "/lines/{uuid:line_id}",
    response=LineDetail,
    operation_id="change_line",
    summary="Name a line",
    openapi_extra={"x-problems": ["not_found", "role_refused", "label_refused"]},
)
def change_line(request: HttpRequest, line_id: UUID, body: LineChange) -> HttpResponse:
    """Gives the line the name that its holder knows it by, and answers with the line. Safe to
    repeat."""
    holder = spender_of(request)
    rename_line(
        own(line_id, holder), holder.account_id, body.label, actor_of(holder), now_of(request)
    )
    return get_line(request, line_id)


@router.put(
    "/lines/{uuid:line_id}/auto-renew",
    response=LineDetail,
    operation_id="set_auto_renew",
    summary="Have a line renew by itself, or not",
    openapi_extra={
        "x-problems": [
            "not_found",
            "role_refused",
            "state_refuses",
            "plan_not_for_line",
            "price_changed",
            "lead_refused",
            "method_unusable",
        ]
    },
)
def put_auto_renew(request: HttpRequest, line_id: UUID, body: AutoRenewChange) -> HttpResponse:
    """Sets whether the line renews by itself, with which plan, from what and how early, and answers
    with the line. Safe to repeat."""
    holder, seen = spender_of(request), body.expected_total
    wish = AutoRenewWish(
        account_id=holder.account_id,
        line_id=own(line_id, holder),
        enabled=body.enabled,
        plan_code=body.plan_code,
        lead_days=body.lead_days,
        actor=actor_of(holder),
        expected=(seen.amount_minor, seen.currency) if seen else None,
        method_id=body.payment_method_id,
    )
    set_auto_renew(wish, now_of(request))
    return get_line(request, line_id)


@router.get(
    "/lines/{uuid:line_id}/plans",
    response=OfferedPlans,
    operation_id="list_line_plans",
    summary="Plans for a line",
    openapi_extra={"x-problems": ["not_found"]},
)
def list_line_plans(
    request: HttpRequest,
    line_id: UUID,
    currency: Annotated[Currency | None, Query(None)] = None,
) -> HttpResponse:
    """The plans that may renew the line, in the account's currency or another one."""
    holder = holder_of(request)
    view = list_plans(own(line_id, holder), holder.account_id, now_of(request), currency)
    items = []
    for choice in view.choices:
        name = said(choice.plan.name, request)
        fields = plan_fields(choice.offer, choice.plan, name, region_of(choice.plan, request))
        items.append(OfferedPlan(**fields, current=choice.current))
    return answer(OfferedPlans(line_id=line_id, currency=view.currency, items=items))
