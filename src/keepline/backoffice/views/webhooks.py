"""The operator's own systems: endpoints that are told of every account's events."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from keepline.backoffice.gate import for_staff, staff_actor
from keepline.flows.errors import FlowRefused
from keepline.flows.hooking import visits
from keepline.flows.hooking.owners import Owner
from keepline.flows.hooking.visits import Visit


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def webhooks(request: HttpRequest) -> HttpResponse:
    """The list; posted, there is one more, whose secret this answer alone shows."""
    owner, kinds = Owner(None, staff_actor(request)), request.POST.getlist("kinds")
    return _answer(request, visits.of_list(owner, _posted(request), kinds, timezone.now()))


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def webhook(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """One endpoint; posted, what its button says."""
    owner, now = Owner(None, staff_actor(request)), timezone.now()
    before, kinds = request.GET.get("before", ""), request.POST.getlist("kinds")
    try:
        visit = visits.of_one(owner, endpoint_id, before, _posted(request), kinds, now, now)
    except FlowRefused as refused:  # an account's own is none of the operator's
        raise Http404(refused.code) from refused
    return _answer(request, visit, endpoint_id)


def _posted(request: HttpRequest) -> visits.Posted:
    return request.POST.dict() if request.method == "POST" else None


def _answer(request: HttpRequest, visit: Visit, *of: UUID) -> HttpResponse:
    if visit.said:
        messages.success(request, visit.said)
        return redirect(f"staff_{visit.page}", *(of if visit.page == "webhook" else ()))
    frame = {"section": "webhooks", "list_url": reverse("staff_webhooks"), "refused": visit.refused}
    status = visit.refused.refusal.status if visit.refused else 200
    return render(request, f"backoffice/{visit.page}.html", {**visit.shown, **frame}, status=status)
