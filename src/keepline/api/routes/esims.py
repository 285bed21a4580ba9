"""GET /v1/lines/{id}/esim."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.accounts.queries import may_spend
from keepline.api.answers import answer
from keepline.api.bearer import actor_of, holder_of, now_of, own
from keepline.api.shapes.esims import Esim
from keepline.flows.reveal_profile import Viewer, reveal_activation
from keepline.flows.show_esim import show_esim

router = Router(tags=["lines"])


@router.get(
    "/lines/{uuid:line_id}/esim",
    response=Esim,
    operation_id="get_esim",
    summary="A line's eSIM",
    openapi_extra={"x-problems": ["not_found", "esim_not_ready"]},
)
def get_esim(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """How far the line's eSIM has come, and its activation code while a phone can use it.

    `not_found` for a line without an eSIM. `esim_not_ready` when it was used or taken back at this
    very moment: ask again.
    """
    holder = holder_of(request)
    view = show_esim(own(line_id, holder), holder.account_id, now_of(request))
    code = None
    if view.has_code and may_spend(holder.role):
        viewer = Viewer(holder.account_id, actor_of(holder))
        code = reveal_activation(line_id, viewer, now_of(request))
    return answer(Esim.of_view(view, code))
