"""First large payments that wait for a person, and what that person decides."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from keepline.backoffice.gate import for_staff, staff_actor
from keepline.backoffice.review_forms import ReviewForm
from keepline.flows.errors import FlowRefused
from keepline.flows.list_reviews import list_reviews
from keepline.flows.review_payment import approve, refuse


@require_safe
@for_staff
def reviews(request: HttpRequest) -> HttpResponse:
    """The soonest to be given back first."""
    return _page(request)


@require_POST
@for_staff
def decide(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Accepted or refused, it happens at once."""
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _page(request, order_id, form=form, status=400)
    accepted = form.cleaned_data["decision"] == "accept"
    act = approve if accepted else refuse
    try:
        act(order_id, form.cleaned_data["reason"], staff_actor(request), timezone.now())
    except FlowRefused as refused:
        return _page(request, refused=refused, status=refused.refusal.status)
    said = _("Accepted: the order goes on.") if accepted else _("Refused: the money goes back.")
    messages.success(request, said)
    return redirect("staff_reviews")


def _page(
    request: HttpRequest,
    order_id: UUID | None = None,
    form: ReviewForm | None = None,
    refused: FlowRefused | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "section": "orders",
        "waiting": list_reviews(),
        "at_fault": order_id,
        "form": form,
        "refused": refused,
    }
    return render(request, "backoffice/reviews.html", context, status=status)
