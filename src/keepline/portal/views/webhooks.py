"""Webhooks of an account: its endpoints, what was sent to them, and sending it again."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from keepline.flows.hooking import visits
from keepline.flows.hooking.owners import Owner
from keepline.flows.hooking.visits import Visit
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_manager


@require_http_methods(["GET", "HEAD", "POST"])
@for_manager
def webhooks(request: HttpRequest, holder: Holder) -> HttpResponse:
    """The list; posted, there is one more, whose secret this answer alone shows."""
    owner, kinds = Owner(holder.account_id, actor_of(holder)), request.POST.getlist("kinds")
    return _answer(request, visits.of_list(owner, _posted(request), kinds, timezone.now()))


@require_http_methods(["GET", "HEAD", "POST"])
@for_manager
def webhook(request: HttpRequest, holder: Holder, endpoint_id: UUID) -> HttpResponse:
    """One endpoint; posted, what its button says."""
    visit = visits.of_one(
        Owner(holder.account_id, actor_of(holder)),
        endpoint_id,
        request.GET.get("before", ""),
        _posted(request),
        request.POST.getlist("kinds"),
        timezone.now(),
        holder.now,
    )
    return _answer(request, visit, endpoint_id)


def _posted(request: HttpRequest) -> visits.Posted:
    return request.POST.dict() if request.method == "POST" else None


def _answer(request: HttpRequest, visit: Visit, *of: UUID) -> HttpResponse:
    if visit.said:
        messages.success(request, visit.said)
        return redirect(visit.page, *(of if visit.page == "webhook" else ()))
    frame = {"section": "account", "list_url": reverse("webhooks"), "refused": visit.refused}
    status = visit.refused.refusal.status if visit.refused else 200
    return render(request, f"portal/{visit.page}.html", {**visit.shown, **frame}, status=status)
