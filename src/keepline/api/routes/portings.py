"""GET, PUT and DELETE /v1/lines/{id}/port-out, GET /v1/lines/{id}/port-out/code."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.api.answers import answer
from keepline.api.bearer import actor_of, holder_of, now_of, own, spender_of
from keepline.api.shapes.portings import PortOut, PortOutCode
from keepline.flows.authorise_port import authorise
from keepline.flows.keep_number import keep
from keepline.flows.reveal_port_code import reveal
from keepline.flows.show_port_out import show_port_out

PATH = "/lines/{uuid:line_id}/port-out"
ON_ITS_WAY = ("waits", "ready", "leaving")
router = Router(tags=["lines"])


@router.get(
    PATH,
    response=PortOut,
    operation_id="get_port_out",
    summary="How a line's number may leave",
    openapi_extra={"x-problems": ["not_found"]},
)
def get_port_out(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """How far it is on its way to another operator; or, while it is on none, whether its code may
    be asked for and what would follow."""
    holder = holder_of(request)
    return _shown(holder.account_id, own(line_id, holder), request)


@router.put(
    PATH,
    response=PortOut,
    operation_id="authorise_port_out",
    summary="Ask for the code by which a number may leave",
    openapi_extra={
        "x-problems": [
            "not_found",
            "role_refused",
            "no_porting",
            "port_too_soon",
            "change_refused",
            "transfer_locked",
            "contacts_changed",
            "sign_in_needed",
            "order_under_way",
        ]
    },
)
def put_port_out(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """The holder is told at once, by letter. The code is good, and shown, from `ready_at` on. Safe
    to repeat: while one is on its way there is no second."""
    holder, now = spender_of(request), now_of(request)
    line_id = own(line_id, holder)
    if show_port_out(holder.account_id, line_id, now).state not in ON_ITS_WAY:
        authorise(holder.account_id, line_id, actor_of(holder), now)
    return _shown(holder.account_id, line_id, request)


@router.delete(
    PATH,
    response=PortOut,
    operation_id="keep_number",
    summary="Keep a number that was to leave",
    openapi_extra={"x-problems": ["not_found", "role_refused"]},
)
def delete_port_out(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """A code that nobody used is worth nothing at once. Where another operator has come with it
    already the clearing house is told, and its word counts: until then the state is `leaving` with
    `stay_asked`. Safe to repeat."""
    holder, now = spender_of(request), now_of(request)
    line_id = own(line_id, holder)
    if show_port_out(holder.account_id, line_id, now).state in ON_ITS_WAY:
        keep(holder.account_id, line_id, actor_of(holder), now)
    return _shown(holder.account_id, line_id, request)


@router.get(
    PATH + "/code",
    response=PortOutCode,
    operation_id="get_port_out_code",
    summary="The code by which a number may leave",
    openapi_extra={
        "x-problems": ["not_found", "role_refused", "port_code_not_ready", "change_refused"]
    },
)
def get_port_out_code(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """For the other operator. That it was shown, and to whom, is written into the account's audit
    trail. `change_refused` where there is none, or it was used already."""
    holder, now = spender_of(request), now_of(request)
    code = reveal(holder.account_id, own(line_id, holder), actor_of(holder), now)
    view = show_port_out(holder.account_id, line_id, now)
    return answer(PortOutCode.of(line_id, code, view))


def _shown(account_id: UUID, line_id: UUID, request: HttpRequest) -> HttpResponse:
    return answer(PortOut.of(line_id, show_port_out(account_id, line_id, now_of(request))))
