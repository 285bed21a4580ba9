"""What numbers received: for members who may read, kept by no cache and found by no search engine.

What is looked for travels in a form's body, and codes come when they are asked for.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from keepline.flows.erase_message import erase_message
from keepline.flows.errors import FlowRefused
from keepline.flows.export_messages import export_messages
from keepline.flows.set_retention import set_retention
from keepline.flows.show_inbox import InboxView, Reader, search_inbox, show_inbox
from keepline.flows.show_message import MessageView, show_message
from keepline.portal import taken_along
from keepline.portal.holder import Holder
from keepline.portal.live.address import live_address
from keepline.portal.views.gate import actor_of, for_holder

P = ParamSpec("P")
LONGEST_SEARCH = 100


def for_reader(
    view: Callable[Concatenate[HttpRequest, Holder, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """As `for_holder`, for who signed in; what such a page says is nobody's to keep or to index.

    Roles are the flows' matter.
    """

    @wraps(view)
    def kept(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = for_holder(view)(request, *args, **kwargs)  # type: ignore[arg-type]
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return kept


def reader_of(holder: Holder) -> Reader:
    return Reader(holder.account_id, holder.role, actor_of(holder))


@require_http_methods(["GET", "HEAD", "POST"])
@for_reader
def inbox(request: HttpRequest, holder: Holder, line_id: UUID | None = None) -> HttpResponse:
    """All messages of the account, or of one line; POST with `words` looks for some of them.

    ?before= is the next page. ?live= is what an open page fetches on news: the list alone.
    """
    reader = reader_of(holder)
    if request.method == "POST":
        words = request.POST.get("words", "")[:LONGEST_SEARCH].strip()
        if words:
            found = search_inbox(reader, line_id, words, holder.now)
            return _page(request, found, words)
    view = show_inbox(reader, line_id, holder.now, _before(request))
    if request.method == "POST":
        return redirect("line_inbox", line_id) if line_id else redirect("inbox")
    if "live" in request.GET:
        return render(request, "portal/parts/messages.html", {"view": view})
    return _page(request, view)


def _before(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET["before"]) if "before" in request.GET else None
    except ValueError:
        raise Http404 from None


def _page(
    request: HttpRequest, view: InboxView, words: str = "", refused: FlowRefused | None = None
) -> HttpResponse:
    line_id = view.line.id if view.line else None
    newest = not words and "before" not in request.GET
    context = {
        "view": view,
        "words": words,
        "refused": refused,
        "live": live_address(request, line_id) if newest else "",
        "section": "inbox",
    }
    status = refused.refusal.status if refused else HTTPStatus.OK
    return render(request, "portal/inbox.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_reader
def message(request: HttpRequest, holder: Holder, message_id: UUID) -> HttpResponse:
    """One message; POST shows its code. htmx gets the message alone."""
    view = show_message(message_id, reader_of(holder), holder.now)
    return _message(request, view, shown=request.method == "POST")


def _message(
    request: HttpRequest,
    view: MessageView,
    *,
    shown: bool = False,
    refused: FlowRefused | None = None,
) -> HttpResponse:
    context = {
        "message": view.message,
        "shown": view if shown else None,
        "may_erase": view.may_erase,
        "refused": refused,
        "section": "inbox",
    }
    htmx = getattr(request, "htmx", False)
    template = "portal/parts/message.html" if htmx else "portal/message.html"
    status = refused.refusal.status if refused else HTTPStatus.OK
    return render(request, template, context, status=status)


@require_POST
@for_reader
def erase(request: HttpRequest, holder: Holder, message_id: UUID) -> HttpResponse:
    """For good; leads back to the messages."""
    erase_message(message_id, reader_of(holder), holder.now)
    if getattr(request, "htmx", False):
        return HttpResponse()  # in the message's place
    messages.success(request, _("The message was erased."))
    return redirect("inbox")


@require_POST
@for_reader
def keep(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """Takes `days`; leads back to the line's messages."""
    said = request.POST.get("days", "")
    days = int(said) if said.isascii() and said.isdigit() and len(said) < len("10000") else 0
    reader = reader_of(holder)
    try:
        set_retention(line_id, days, reader, holder.now)
    except FlowRefused as refused:
        if refused.code != "days_refused":
            raise
        return _page(request, show_inbox(reader, line_id, holder.now), refused=refused)
    messages.success(request, _("Saved."))
    return redirect("line_inbox", line_id)


@require_safe
@for_reader
def export(
    _request: HttpRequest, holder: Holder, form: str, line_id: UUID | None = None
) -> HttpResponseBase:
    """All messages as a file, csv or json, sent as it is read."""
    found = export_messages(line_id, reader_of(holder), holder.now)
    write, kind = taken_along.FORMS[form]
    response = StreamingHttpResponse(write(found), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="messages.{form}"'
    return response
