"""GET and PUT /v1/lines/{id}/closing."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.api.answers import answer, said
from keepline.api.bearer import actor_of, holder_of, manager_of, now_of, own
from keepline.api.shapes.lines import Closing, LineDetail
from keepline.core.lifecycle.line import LineState
from keepline.flows import close_line
from keepline.flows.show_line import show_line

router = Router(tags=["lines"])
REFUSALS = ["not_found", "closing_refused", "order_under_way", "sign_in_needed"]


@router.get(
    "/lines/{uuid:line_id}/closing",
    response=Closing,
    operation_id="preview_closing",
    summary="What closing a line would do",
    openapi_extra={"x-problems": REFUSALS},
)
def preview_closing(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """What is lost, and what becomes of the number. Refused where closing would be."""
    holder = holder_of(request)
    seen = close_line.preview(holder.account_id, own(line_id, holder), now_of(request))
    return answer(Closing.of(line_id, seen))


@router.put(
    "/lines/{uuid:line_id}/closing",
    response=LineDetail,
    operation_id="close_line",
    summary="Close a line",
    openapi_extra={"x-problems": [*REFUSALS, "role_refused"]},
)
def put_closing(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """Ends the line at once, for members who manage the account's lines, and answers with it as it
    stands then. What is left of its time is lost; for a while only its holder may have the number
    back (`POST /v1/lines/{line_id}/reclaim`). Safe to repeat."""
    holder, now = manager_of(request), now_of(request)
    view = show_line(own(line_id, holder), holder.account_id, now)
    if view.card.state is not LineState.TERMINATED:
        close_line.close(holder.account_id, line_id, actor_of(holder), now)
        view = show_line(line_id, holder.account_id, now)
    return answer(LineDetail.of_view(view, said(view.card.plan_name, request)))
