"""The operator's own systems: endpoints that are told of every account's events."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from keepline.backoffice.gate import for_staff, staff_actor
from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.errors import FlowRefused
from keepline.flows.hooking.desk import Done, asked_of, do
from keepline.flows.hooking.owners import Owner
from keepline.flows.hooking.page import endpoint_page, list_page, said


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def webhooks(request: HttpRequest) -> HttpResponse:
    """The list; posted, there is one more, whose secret this answer alone shows."""
    owner = Owner(None, staff_actor(request))
    if request.method != "POST":
        return _answer(request, "webhooks", list_page(owner))
    given: dict[str, Any] = {
        "url": request.POST.get("url", ""),
        "name": request.POST.get("name", ""),
        "kinds": request.POST.getlist("kinds"),
    }
    now = timezone.now()
    try:
        made, secret = add_endpoint(owner, **given, now=now)
    except FlowRefused as refused:
        return _answer(request, "webhooks", list_page(owner, given), refused)
    shown = endpoint_page(owner, made.id, "", now, Done(secret=secret))
    return _answer(request, "webhook", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def webhook(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """One endpoint; posted, what its button says."""
    owner, now = Owner(None, staff_actor(request)), timezone.now()
    shown = _shown(request, owner, endpoint_id)
    if request.method != "POST":
        return _answer(request, "webhook", shown)
    asked = asked_of(request.POST, request.POST.getlist("kinds"))
    try:
        done = do(owner, endpoint_id, asked, now, now)
    except FlowRefused as refused:
        return _answer(request, "webhook", shown, refused)
    if done.secret or done.tried:
        return _answer(request, "webhook", endpoint_page(owner, endpoint_id, "", now, done))
    messages.success(request, said(done))
    return redirect("staff_webhooks") if done.removed else redirect("staff_webhook", endpoint_id)


def _answer(
    request: HttpRequest, page: str, shown: dict[str, Any], refused: FlowRefused | None = None
) -> HttpResponse:
    frame = {"section": "webhooks", "list_url": reverse("staff_webhooks"), "refused": refused}
    status = refused.refusal.status if refused else 200
    return render(request, f"backoffice/{page}.html", {**shown, **frame}, status=status)


def _shown(request: HttpRequest, owner: Owner, endpoint_id: UUID) -> dict[str, Any]:
    try:
        return endpoint_page(owner, endpoint_id, request.GET.get("before", ""), timezone.now())
    except FlowRefused as refused:  # an account's own is none of the operator's
        raise Http404(refused.code) from refused
