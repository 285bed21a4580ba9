"""Webhooks of an account: its endpoints, what was sent to them, and sending it again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.errors import FlowRefused
from keepline.flows.hooking.desk import Done, asked_of, do
from keepline.flows.hooking.owners import Owner
from keepline.flows.hooking.page import endpoint_page, list_page, said
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_manager


@require_http_methods(["GET", "HEAD", "POST"])
@for_manager
def webhooks(request: HttpRequest, holder: Holder) -> HttpResponse:
    """The list; posted, there is one more, whose secret this answer alone shows."""
    owner = Owner(holder.account_id, actor_of(holder))
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
@for_manager
def webhook(request: HttpRequest, holder: Holder, endpoint_id: UUID) -> HttpResponse:
    """One endpoint; posted, what its button says."""
    owner, now = Owner(holder.account_id, actor_of(holder)), timezone.now()
    shown = endpoint_page(owner, endpoint_id, request.GET.get("before", ""), now)
    if request.method != "POST":
        return _answer(request, "webhook", shown)
    asked = asked_of(request.POST, request.POST.getlist("kinds"))
    try:
        done = do(owner, endpoint_id, asked, now, holder.now)
    except FlowRefused as refused:
        return _answer(request, "webhook", shown, refused)
    if done.secret or done.tried:
        return _answer(request, "webhook", endpoint_page(owner, endpoint_id, "", now, done))
    messages.success(request, said(done))
    return redirect("webhooks") if done.removed else redirect("webhook", endpoint_id)


def _answer(
    request: HttpRequest, page: str, shown: dict[str, Any], refused: FlowRefused | None = None
) -> HttpResponse:
    frame = {"section": "account", "list_url": reverse("webhooks"), "refused": refused}
    status = refused.refusal.status if refused else 200
    return render(request, f"portal/{page}.html", {**shown, **frame}, status=status)
