"""Answers for orders that were just started: over at once, or an operation to follow."""

from django.http import HttpRequest, HttpResponse

from keepline.api.answers import answer
from keepline.api.bearer import now_of
from keepline.api.keys import REPLAYED
from keepline.api.language import language_of
from keepline.api.shapes.orders import Order
from keepline.core.lifecycle.order import OrderState
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.paying import StartedOrder
from keepline.orders.models import Order as OrderRow

SECONDS_TO_PAY, SECONDS_TO_DELIVER = "15", "2"


def started_answer(
    request: HttpRequest, started: StartedOrder, plan_code: str | None
) -> HttpResponse:
    """201 when the order was over at once, 202 when payment or network have to answer.

    A repeat of the key gets the same status and place, and the order as it stands now.
    """
    row = started.order
    if row.failure_code == "provider_refused":
        raise FlowRefused("provider_refused", order_id=row.id)  # as the first answer said
    checkout_url = _checkout(request, started)
    headers = {"Location": f"/v1/orders/{row.id}"}
    at_once = _at_once(row)
    if not at_once and row.state != OrderState.COMPLETED:
        headers["Retry-After"] = SECONDS_TO_PAY if started.needs_payment else SECONDS_TO_DELIVER
    if not started.first:
        headers |= REPLAYED
    return answer(Order.of(row, plan_code, checkout_url), 201 if at_once else 202, headers)


def _at_once(row: OrderRow) -> bool:
    return row.payment_minor == 0 and row.delivery == "ledger"


def _checkout(request: HttpRequest, started: StartedOrder) -> str | None:
    """None while the provider gives no answer; a worker opens the checkout then."""
    if not started.needs_payment:
        return None
    try:
        return open_payment(started.order_id, language_of(request), now_of(request))
    except FlowRefused as refused:
        raise FlowRefused(refused.code, **{**refused.facts, "order_id": started.order_id}) from None
