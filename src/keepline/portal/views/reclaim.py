"""Have a number back: until when, for how much, and do it."""

import re
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from keepline.flows import reclaim_number
from keepline.flows.errors import FlowRefused
from keepline.flows.reclaim_number import ReclaimRequest
from keepline.flows.show_line import LineView, show_line
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_spender

KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
MINOR = re.compile(r"[0-9]{1,15}")


@require_http_methods(["GET", "HEAD", "POST"])
@for_spender
def reclaim(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """The key travels with the page: a second click sends it again, and is the same order."""
    view = show_line(line_id, holder.account_id, holder.now)
    if request.method == "POST":
        return _have_back(request, holder, view)
    if view.reclaim is None:
        return redirect("line", line_id)
    return _page(request, view, str(uuid4()))


def _page(
    request: HttpRequest, view: LineView, key: str, refused: FlowRefused | None = None
) -> HttpResponse:
    context = {"view": view, "key": key, "refused": refused, "section": "lines"}
    status = refused.refusal.status if refused else 200
    return render(request, "portal/reclaim.html", context, status=status)


def _have_back(request: HttpRequest, holder: Holder, view: LineView) -> HttpResponse:
    """Leads on to the renewal of the line that has the number now."""
    line_id, key = view.card.line_id, request.POST.get("key", "")
    expected = request.POST.get("expected_fee_minor", "")
    if view.reclaim is None:
        return redirect("line", line_id)
    try:
        if not KEY.fullmatch(key):
            raise FlowRefused("key_missing")
        if not MINOR.fullmatch(expected):
            raise FlowRefused("price_changed")
        asked = ReclaimRequest(
            account_id=holder.account_id,
            line_id=line_id,
            key=key,
            expected_fee_minor=int(expected),
            actor=actor_of(holder),
            channel="portal",
        )
        started = reclaim_number.reclaim(asked, holder.now)
    except FlowRefused as refused:
        if refused.code == "not_found":  # it was ours a moment ago; the page says how it stands
            return redirect("reclaim", line_id)
        now_key = key if KEY.fullmatch(key) else str(uuid4())
        view = show_line(line_id, holder.account_id, holder.now)
        return _page(request, view, now_key, refused)
    messages.success(request, _("The number is yours again. Renew the line, and it works."))
    return redirect("renew", started.order.served_line)
