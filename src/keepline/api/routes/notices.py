"""/v1/notices: what the token's person is told by which channels, and what was told."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.api.answers import answer, page
from keepline.api.bearer import holder_of, now_of, own
from keepline.api.cursors import Cursor, OfLine, seal, unseal_id
from keepline.api.shapes.notices import Choices, ChoicesChange, Notice, NoticesPage
from keepline.flows.choose_channels import choose_channels
from keepline.flows.list_told import list_told, oldest
from keepline.flows.show_notices import show_notices

router = Router(tags=["notices"])


def _choices(request: HttpRequest) -> HttpResponse:
    holder = holder_of(request)
    return answer(Choices.of(show_notices(holder.user_id, holder.account_id, now_of(request))))


@router.get("/notices", response=Choices, operation_id="get_notices", summary="Choices")
def get_notices(request: HttpRequest) -> HttpResponse:
    """By which channels the token's person is told of each topic, and when nothing rings."""
    return _choices(request)


@router.patch("/notices", response=Choices, operation_id="change_notices", summary="Choose")
def patch_notices(request: HttpRequest, body: ChoicesChange) -> HttpResponse:
    """What is named is set, the rest stays; asked twice it is the same. Of an essential topic what
    works tells anyway if nothing is wanted."""
    holder = holder_of(request)
    quiet = body.quiet_hours.hours() if body.quiet_hours else None
    choose_channels(holder.user_id, holder.account_id, body.said(), quiet, now_of(request))
    return _choices(request)


@router.get(
    "/notices/sent",
    response=NoticesPage,
    operation_id="list_notices",
    summary="What was told",
    openapi_extra={"x-problems": ["cursor_refused", "not_found"]},
)
def get_sent(request: HttpRequest, line_id: OfLine = None, cursor: Cursor = None) -> HttpResponse:
    """What was told of the account or of one line, or is on its way, newest first, 50 a page."""
    holder = holder_of(request)
    wanted = own(line_id, holder) if line_id else None
    listed = f"notices:{wanted}"
    before = unseal_id(cursor, listed, holder.account_id)
    rows = list_told(holder.account_id, holder.user_id, wanted, before)
    following = seal(oldest(rows), listed, holder.account_id)
    return page(request, NoticesPage, [Notice.of(each) for each in rows], following)
