"""GET /v1/lines/{id}/esim, POST /v1/lines/{id}/esim/reissue."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.accounts.queries import may_spend
from keepline.api.answers import answer
from keepline.api.bearer import actor_of, holder_of, now_of, own, spender_of
from keepline.api.keys import key_of
from keepline.api.operations import started_answer
from keepline.api.shapes.esims import Esim
from keepline.api.shapes.orders import Order
from keepline.api.shapes.requests import EsimReissue
from keepline.flows import reissue_profile
from keepline.flows.reveal_profile import Viewer, reveal_activation
from keepline.flows.show_esim import show_esim
from keepline.flows.swap_sim import SimSwapRequest

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


@router.post(
    "/lines/{uuid:line_id}/esim/reissue",
    response={202: Order},
    operation_id="reissue_esim",
    summary="Move a line's eSIM to another phone",
    openapi_extra={
        "x-idempotent": True,
        "x-problems": [
            "not_found",
            "role_refused",
            "reissue_limit",
            "change_refused",
            "transfer_locked",
            "contacts_changed",
            "order_under_way",
            "sim_not_for_plan",
            "sim_not_free",
            "eid_refused",
            "no_smdp_plus",
            "no_network",
            "busy",
        ],
    },
)
def create_reissue(request: HttpRequest, line_id: UUID, body: EsimReissue) -> HttpResponse:
    """A new profile under the same number, once for the key and free of charge, as often within a
    year as `reissues_left` says. The old one works until the network has the new one; then
    `GET /v1/lines/{line_id}/esim` has its code. Follow Location."""
    holder = spender_of(request)
    asked = SimSwapRequest(
        account_id=holder.account_id,
        line_id=own(line_id, holder),
        key=key_of(request),
        expected_fee_minor=None,
        actor=actor_of(holder),
        channel="api",
        eid=body.eid,
    )
    return started_answer(request, reissue_profile.start(asked, now_of(request)), None)
