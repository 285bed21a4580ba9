"""Numbers that came from other operators without their lines, and what staff decide."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from keepline.backoffice.gate import for_staff, staff_actor
from keepline.backoffice.review_forms import ArrivalForm
from keepline.flows import settle_arrival
from keepline.flows.errors import FlowRefused
from keepline.flows.list_arrivals import list_arrivals


@require_safe
@for_staff
def arrivals(request: HttpRequest) -> HttpResponse:
    """The longest waiting first."""
    return _page(request)


@require_POST
@for_staff
def decide(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Tried again, or given up with a reason, or handed back by hand."""
    form = ArrivalForm(request.POST)
    if not form.is_valid():
        return _page(request, order_id, form=form, status=400)
    actor, now = staff_actor(request), timezone.now()
    try:
        said = _decide(order_id, form, actor, now)
    except FlowRefused as refused:
        return _page(request, refused=refused, status=refused.refusal.status)
    messages.success(request, said)
    return redirect("staff_arrivals")


def _decide(order_id: UUID, form: ArrivalForm, actor: str, now: datetime) -> str:
    decision, reason = form.cleaned_data["decision"], form.cleaned_data["reason"]
    if decision == "again":
        settle_arrival.again(order_id, actor, now)
        return _("It is tried again now. Refused, it is back here.")
    if decision == "give_up":
        settle_arrival.give_up(order_id, reason, actor, now)
        return _("Given up: the number goes back, and so does what was paid.")
    settle_arrival.returned(order_id, reason, actor, now)
    return _("Noted: the number is back, and its holder is told.")


def _page(
    request: HttpRequest,
    order_id: UUID | None = None,
    form: ArrivalForm | None = None,
    refused: FlowRefused | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "section": "orders",
        "waiting": list_arrivals(),
        "at_fault": order_id,
        "form": form,
        "refused": refused,
    }
    return render(request, "backoffice/arrivals.html", context, status=status)
