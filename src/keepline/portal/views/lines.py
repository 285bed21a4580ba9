"""My lines, and one of them."""

import re
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from keepline.flows.errors import FlowRefused
from keepline.flows.rename_line import rename_line
from keepline.flows.show_line import show_line
from keepline.flows.show_lines import show_lines
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_holder, for_spender

OFFSET = re.compile(r"[0-9]{1,6}")


@require_safe
@for_holder
def lines(request: HttpRequest, holder: Holder) -> HttpResponse:
    """Cards, soonest expiry first; ?from=50 is the next page."""
    asked = request.GET.get("from", "")
    offset = int(asked) if OFFSET.fullmatch(asked) else 0
    page = show_lines(holder.account_id, holder.now, offset)
    return render(request, "portal/lines.html", {"page": page, "section": "lines"})


@require_safe
@for_holder
def line(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    return _page(request, holder, line_id)


def _page(
    request: HttpRequest, holder: Holder, line_id: UUID, refused: FlowRefused | None = None
) -> HttpResponse:
    view = show_line(line_id, holder.account_id, holder.now)
    label = request.POST.get("label", view.card.label)
    context = {"view": view, "label": label, "refused": refused, "section": "lines"}
    status = refused.refusal.status if refused else 200
    return render(request, "portal/line.html", context, status=status)


@require_POST
@for_spender
def rename(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """Takes `label`; leads back to the line."""
    try:
        if "label" not in request.POST:  # nothing was meant to take the name away
            raise FlowRefused("label_refused")
        label, actor = request.POST["label"], actor_of(holder)
        rename_line(line_id, holder.account_id, label, actor, holder.now)
    except FlowRefused as refused:
        return _page(request, holder, line_id, refused)  # a stranger's line is refused there
    messages.success(request, _("Saved."))
    return redirect("line", line_id)
