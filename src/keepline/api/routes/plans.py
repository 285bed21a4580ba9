"""GET /v1/plans."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from keepline.api.answers import page, said
from keepline.api.bearer import holder_of, now_of
from keepline.api.cursors import Cursor, seal, unseal
from keepline.api.shapes.parts import Currency, LineKind
from keepline.api.shapes.plans import Plan, PlansPage, Region
from keepline.catalog.models import Plan as PlanRow
from keepline.flows.list_offers import list_offers

router = Router(tags=["plans"])


@router.get(
    "/plans",
    response=PlansPage,
    operation_id="list_plans",
    summary="Plans on sale",
    openapi_extra={"x-problems": ["cursor_refused"]},
)
def get_plans(
    request: HttpRequest,
    currency: Annotated[Currency | None, Query(None)] = None,
    line_kind: Annotated[LineKind | None, Query(None)] = None,
    cursor: Cursor = None,
) -> HttpResponse:
    """What is on sale in the account's currency or another one, 100 a page."""
    holder = holder_of(request)
    wanted = currency or holder.currency
    listed = f"plans:{wanted}:{line_kind or ''}"
    after = unseal(cursor, listed, holder.account_id) or 0
    view = list_offers(wanted, line_kind, now_of(request), after, holder.account_id)
    items = []
    for offer in view.offers:
        row = view.plans[offer.plan_id]
        items.append(Plan.of(offer, row, said(row.name, request), region_of(row, request)))
    return page(request, PlansPage, items, seal(view.next_after, listed, holder.account_id))


def region_of(row: PlanRow, request: HttpRequest) -> Region | None:
    """Where the plan is valid, in the caller's language; None for everywhere."""
    if row.region is None:
        return None
    return Region(
        code=row.region.code, name=said(row.region.name, request), countries=row.region.countries
    )
