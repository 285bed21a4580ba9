"""A line's SIM: an eSIM to be installed, or a card with its codes.

Codes are shown to who may manage the line, never to who may only look, and are kept in no cache
(portal/middleware.py) and in no log.
"""

import re
from http import HTTPStatus
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from keepline.core.activation import install_links
from keepline.flows import reissue_profile
from keepline.flows.errors import FlowRefused
from keepline.flows.reveal_codes import CardCodes, reveal_codes
from keepline.flows.reveal_profile import Viewer, reveal_activation, reveal_confirmation
from keepline.flows.show_card import show_card
from keepline.flows.show_esim import EsimView, failed_purchase, show_esim
from keepline.flows.swap_sim import SimSwapRequest
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_holder, for_spender

KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
LONGEST_EID = 48  # as people write it, with blanks


@require_safe
@for_holder
def esim(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """How far it has come, and its code. htmx asks again with what it `seen`: 204 when that is so
    still, so that nothing moves under somebody's thumb."""
    htmx = getattr(request, "htmx", False)
    try:
        view = show_esim(line_id, holder.account_id, holder.now)
    except FlowRefused:
        order_id = failed_purchase(line_id, holder.account_id)
        if order_id is None:
            raise
        # The page was open while the purchase failed: the order's page says what happened.
        there = reverse("order", args=[order_id])
        return HttpResponseClientRedirect(there) if htmx else redirect(there)
    if htmx and request.GET.get("seen") == view.seen:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return _esim(request, holder, view)


@require_POST
@for_spender
def confirmation(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """The page with the confirmation code; opened again it is without."""
    viewer = Viewer(holder.account_id, actor_of(holder))
    try:
        code = reveal_confirmation(line_id, viewer, holder.now)
    except FlowRefused as refused:
        if refused.code != "esim_not_ready":
            raise
        return redirect("esim", line_id)
    return _esim(request, holder, show_esim(line_id, holder.account_id, holder.now), code)


@require_http_methods(["GET", "HEAD", "POST"])
@for_spender
def reissue(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """To a new phone. The key travels with the page: a second click is the same order."""
    view = show_esim(line_id, holder.account_id, holder.now)
    if request.method != "POST":
        offered = view.reissuable and view.reissues.left
        return _reissue(request, view, str(uuid4())) if offered else redirect("esim", line_id)
    key = request.POST.get("key", "")
    try:
        if not KEY.fullmatch(key):
            raise FlowRefused("key_missing")
        asked = SimSwapRequest(
            account_id=holder.account_id,
            line_id=line_id,
            key=key,
            expected_fee_minor=0,
            actor=actor_of(holder),
            channel="portal",
            eid=request.POST.get("eid", "").strip() or None,
        )
        reissue_profile.start(asked, holder.now)
    except FlowRefused as refused:
        again = key if KEY.fullmatch(key) else str(uuid4())
        return _reissue(request, view, again, refused)
    return redirect("esim", line_id)


def _reissue(
    request: HttpRequest, view: EsimView, key: str, refused: FlowRefused | None = None
) -> HttpResponse:
    context = {"view": view, "key": key, "refused": refused, "section": "lines"}
    context["eid"] = request.POST.get("eid", "")[:LONGEST_EID]
    status = refused.refusal.status if refused else HTTPStatus.OK
    return render(request, "portal/esim_reissue.html", context, status=status)


def _esim(
    request: HttpRequest, holder: Holder, view: EsimView, confirmation_code: str = ""
) -> HttpResponse:
    context: dict[str, object] = {"view": view, "section": "lines"}
    if view.has_code and holder.may_spend:
        viewer = Viewer(holder.account_id, actor_of(holder))
        code = reveal_activation(view.line.id, viewer, holder.now)
        context |= {
            "code": code,
            "links": install_links(code),
            "confirmation_code": confirmation_code,
        }
    htmx = getattr(request, "htmx", False)
    template = "portal/parts/esim.html" if htmx else "portal/esim.html"
    return render(request, template, context)


@require_safe
@for_holder
def card(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """The card, and the way to its codes."""
    return _card(request, holder, line_id)


@require_POST
@for_spender
def card_codes(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """The same page with PIN and PUK, this once."""
    view = show_card(line_id, holder.account_id)
    codes = reveal_codes(view.iccid, holder.account_id, actor_of(holder), holder.now)
    return _card(request, holder, line_id, codes)


def _card(
    request: HttpRequest, holder: Holder, line_id: UUID, codes: CardCodes | None = None
) -> HttpResponse:
    view = show_card(line_id, holder.account_id)
    context = {"view": view, "codes": codes, "section": "lines"}
    return render(request, "portal/sim_card.html", context)
