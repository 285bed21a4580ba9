"""Close a line: what is lost, what can be had back, and do it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from keepline.flows import close_line
from keepline.flows.errors import FlowRefused
from keepline.flows.show_line import show_line
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_manager


@require_http_methods(["GET", "HEAD", "POST"])
@for_manager
def close(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """The page says what would happen; the button does it."""
    refused = None
    if request.method == "POST":
        try:
            close_line.close(holder.account_id, line_id, actor_of(holder), holder.now)
        except FlowRefused as error:
            refused = error
        else:
            messages.success(request, _("The line is closed."))
            return redirect("line", line_id)
    view = show_line(line_id, holder.account_id, holder.now)
    try:
        closing = close_line.preview(holder.account_id, line_id, holder.now)
    except FlowRefused as error:
        closing, refused = None, refused or error
    context = {"view": view, "closing": closing, "refused": refused, "section": "lines"}
    status = refused.refusal.status if refused else 200
    return render(request, "portal/close_line.html", context, status=status)
