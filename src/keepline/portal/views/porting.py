"""A number that may go to another operator: its code, its date, and the way to keep it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from keepline.flows.authorise_port import authorise
from keepline.flows.errors import FlowRefused
from keepline.flows.keep_number import keep as keep_number
from keepline.flows.reveal_port_code import reveal
from keepline.flows.show_line import show_line
from keepline.flows.show_port_out import show_port_out
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_spender


@require_http_methods(["GET", "HEAD", "POST"])
@for_spender
def port(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """How it goes, and where it stands; the button asks for the code."""
    refused = None
    if request.method == "POST":
        try:
            authorise(holder.account_id, line_id, actor_of(holder), holder.now)
        except FlowRefused as error:
            if error.code == "not_found":
                raise
            refused = error
        else:
            messages.success(request, _("The code is on its way. We have sent you an e-mail."))
            return redirect("port_out", line_id)
    return _page(request, holder, line_id, refused)


@require_POST
@for_spender
def code(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """The same page with the code."""
    try:
        shown = reveal(holder.account_id, line_id, actor_of(holder), holder.now)
    except FlowRefused as error:
        if error.code == "not_found":
            raise
        return _page(request, holder, line_id, error)
    return _page(request, holder, line_id, None, shown)


@require_POST
@for_spender
def keep(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """The number shall not go."""
    keep_number(holder.account_id, line_id, actor_of(holder), holder.now)
    messages.success(request, _("You keep the number."))
    return redirect("port_out", line_id)


def _page(
    request: HttpRequest,
    holder: Holder,
    line_id: UUID,
    refused: FlowRefused | None,
    shown: str = "",
) -> HttpResponse:
    leaving = show_port_out(holder.account_id, line_id, holder.now)
    would_not = leaving.preview.refusal if leaving.state == "none" else None
    context = {
        "view": show_line(line_id, holder.account_id, holder.now),
        "leaving": leaving,
        "seen": leaving.preview,
        "code": shown,
        "refused": refused or would_not,
        "section": "lines",
    }
    status = refused.refusal.status if refused else 200
    return render(request, "portal/port_out.html", context, status=status)
