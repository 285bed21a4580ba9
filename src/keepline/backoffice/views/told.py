"""Messages that did not arrive: why, and once more. Staff see no words and no addresses."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from keepline.backoffice.gate import for_staff, staff_actor
from keepline.flows.errors import FlowRefused
from keepline.flows.list_told import list_undelivered
from keepline.flows.send_again import send_again


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
    return redirect("staff_told")
