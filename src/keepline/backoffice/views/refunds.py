"""Refunds that wait for a second person, and what that person says."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from keepline.backoffice.gate import for_staff, staff_actor
from keepline.backoffice.refund_forms import DecisionForm
from keepline.flows.decide_refund import Decision, decide_refund
from keepline.flows.errors import FlowRefused
from keepline.flows.list_refunds import list_refunds


@require_safe
@for_staff
def refunds(request: HttpRequest) -> HttpResponse:
    """The longest waiting first."""
    return _page(request)


@require_POST
@for_staff
def decide(request: HttpRequest, refund_id: UUID) -> HttpResponse:
    """Allowed, it is carried out at once."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, refund_id, form=form, status=400)
    allowed = form.cleaned_data["decision"] == "allow"
    decision = Decision(refund_id, allowed, form.cleaned_data["reason"], staff_actor(request))
    try:
        decide_refund(decision, timezone.now())
    except FlowRefused as refused:
        return _page(request, refund_id, refused=refused, status=refused.refusal.status)
    said = _("Allowed, and under way.") if allowed else _("Rejected. Nothing has moved.")
    messages.success(request, said)
    return redirect("staff_refunds")


def _page(
    request: HttpRequest,
    refund_id: UUID | None = None,
    form: DecisionForm | None = None,
    refused: FlowRefused | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "section": "orders",
        "waiting": list_refunds(),
        "me": staff_actor(request),
        "at_fault": refund_id,
        "form": form,
        "refused": refused,
    }
    return render(request, "backoffice/refunds.html", context, status=status)
