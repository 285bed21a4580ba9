"""GET /v1/orders, GET /v1/orders/{id}, PUT /v1/orders/{id}/cancellation."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.api.answers import answer, page
from keepline.api.bearer import actor_of, holder_of, now_of, own, spender_of
from keepline.api.cursors import Cursor, OfLine, seal, unseal_id
from keepline.api.operations import SECONDS_TO_DELIVER, SECONDS_TO_PAY
from keepline.api.shapes.orders import Order, OrderDetail, OrdersPage
from keepline.flows.cancel_order import cancel
from keepline.flows.list_orders import list_orders
from keepline.flows.show_order import show_order

router = Router(tags=["orders"])


@router.get(
    "/orders",
    response=OrdersPage,
    operation_id="list_orders",
    summary="Orders",
    openapi_extra={"x-problems": ["cursor_refused", "not_found"]},
)
def get_orders(request: HttpRequest, line_id: OfLine = None, cursor: Cursor = None) -> HttpResponse:
    """The account's orders, or those of one line, newest first, 50 a page."""
    holder = holder_of(request)
    wanted = own(line_id, holder) if line_id else None
    before = unseal_id(cursor, "orders", holder.account_id)
    view = list_orders(holder.account_id, before, wanted)
    items = [Order.of(row, view.plan_codes.get(row.plan_id or 0)) for row in view.orders]
    following = seal(view.next_before, "orders", holder.account_id)
    return page(request, OrdersPage, items, following)


@router.get(
    "/orders/{uuid:order_id}",
    response=OrderDetail,
    operation_id="get_order",
    summary="One order",
    openapi_extra={"x-problems": ["not_found"]},
)
def get_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """The order as its proof; also the operation that a 202 names. Retry-After says when to ask
    again, until it is `resting`."""
    holder = holder_of(request)
    view = show_order(own(order_id, holder), holder.account_id, now_of(request))
    waits = SECONDS_TO_PAY if view.stage == "to_pay" else SECONDS_TO_DELIVER
    headers = {} if view.resting else {"Retry-After": waits}
    return answer(OrderDetail.of_view(view), headers=headers)


@router.put(
    "/orders/{uuid:order_id}/cancellation",
    response=OrderDetail,
    operation_id="cancel_order",
    summary="Cancel an order whose number is still to come",
    openapi_extra={"x-problems": ["not_found", "role_refused", "cancel_refused"]},
)
def put_cancellation(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """For an order that brings a number along, until shortly before its date. The clearing house is
    told, and its word counts: once it says that the number stays where it is, the order is
    `cancelled` and its money free or on its way back; until then `cancellation` is `asked`. Safe to
    repeat."""
    holder, now = spender_of(request), now_of(request)
    order_id = own(order_id, holder)
    cancel(holder.account_id, order_id, actor_of(holder), now)
    return answer(OrderDetail.of_view(show_order(order_id, holder.account_id, now)))
