"""What was told, what did not arrive and why, and once more. Staff see no words, no addresses."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from keepline.backoffice.gate import for_staff, staff_actor
from keepline.backoffice.views.lines import staff_line_or_404
from keepline.flows.errors import FlowRefused
from keepline.flows.list_told import list_told, list_undelivered, oldest
from keepline.flows.send_again import send_again

NOBODY = 0  # staff read it; none of it is theirs


@require_safe
@for_staff
def told(request: HttpRequest) -> HttpResponse:
    """The last first; by channel and outcome."""
    outcome, channel = request.GET.get("outcome", ""), request.GET.get("channel", "")
    rows, counts = list_undelivered(outcome, channel)
    context = {
        "section": "orders",
        "rows": rows,
        "counts": counts,
        "outcome": outcome,
        "channel": channel,
    }
    return render(request, "backoffice/told.html", context)


@require_safe
@for_staff
def line_told(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """What the holders of a line were told of it, or with ?all of all that is their account's."""
    shown = staff_line_or_404(line_id)
    all_of_it = "all" in request.GET
    before = _uuid(request.GET.get("before", ""))
    rows = list_told(shown.account_id, NOBODY, None if all_of_it else line_id, before)
    context = {
        "section": "orders",
        "shown": shown,
        "rows": rows,
        "all_of_it": all_of_it,
        "next": oldest(rows),
    }
    return render(request, "backoffice/line_told.html", context)


@require_POST
@for_staff
def again(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """On its way once more, written down with who wanted it."""
    try:
        send_again(delivery_id, staff_actor(request), timezone.now())
    except FlowRefused:
        messages.error(request, _("That message is not there any more, or on its way already."))
    else:
        messages.success(request, _("On its way once more."))
    line_id = _uuid(request.POST.get("line", ""))
    return redirect("staff_line_told", line_id) if line_id else redirect("staff_told")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
