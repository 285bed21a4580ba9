"""Renew: choose a plan, see the whole order, pay.

The client's key travels in the address from the first page on: a reload keeps it, a second click
sends it again, and one key is one order.
"""

import re
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from keepline.core.money import Money
from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.renew_line import RenewalRequest
from keepline.flows.sale import promised
from keepline.flows.show_lines import LineCard
from keepline.flows.show_renewal import show_renewal
from keepline.portal.caller import caller_of, mark_device
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_spender
from keepline.portal.views.methods import chosen_method

KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
MINOR = re.compile(r"[0-9]{1,15}")
PAY = re.compile(
    r"(none|part|only):([a-z0-9_-]{0,24})(?::([0-9a-f-]{36})|:([A-Z]{3}):([0-9]{1,15}))?"
)


@require_http_methods(["GET", "HEAD", "POST"])
@for_spender
def renew(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """?plan=CODE&key=... shows the order of one plan; without a plan the plans."""
    if request.method == "POST":
        return _pay(request, holder, line_id)
    plan_code, key = request.GET.get("plan", ""), request.GET.get("key", "")
    if not KEY.fullmatch(key):
        show_renewal(line_id, holder.account_id, "", holder.now)  # another's line is a 404
        query = {"plan": plan_code} if plan_code else {}
        query["key"] = str(uuid4())
        return redirect(f"{reverse('renew', args=[line_id])}?{urlencode(query)}")
    return _page(request, holder, line_id, plan_code, key)


def _page(
    request: HttpRequest,
    holder: Holder,
    line_id: UUID,
    plan_code: str,
    key: str,
    refused: FlowRefused | None = None,
) -> HttpResponse:
    now = holder.now
    try:
        choices, order = show_renewal(line_id, holder.account_id, plan_code, now)
    except FlowRefused as no_order:
        if no_order.refusal.status == HTTPStatus.NOT_FOUND:
            raise
        refused = refused or no_order
        choices, order = show_renewal(line_id, holder.account_id, "", now)
    if refused is None and not choices.line.renewable:
        return redirect("line", line_id)  # its page says what became of it
    context = {
        "choices": choices,
        "order": order,
        "key": key,
        "refused": refused,
        "refused_link": _way_out(refused, line_id),
        "chosen_pay": request.POST.get("pay", ""),
        "seen_until": seen_until(choices.line),
        "promise_minutes": _minutes(order.choice.offer.promise_seconds) if order else 0,
        "section": "lines",
    }
    template = "portal/renew_order.html" if order else "portal/renew.html"
    status = refused.refusal.status if refused else 200
    return mark_device(request, render(request, template, context, status=status))


def _minutes(promise_seconds: int) -> int:
    return int(promised(promise_seconds).total_seconds()) // 60


def _way_out(refused: FlowRefused | None, line_id: UUID) -> tuple[str, str] | None:
    if refused is None:
        return None
    if refused.code == "key_reused":
        return reverse("line", args=[line_id]), _("See the orders of this line")
    if refused.code in ("wallet_short", "payments_paused", "amount_too_large"):
        return reverse("wallet"), _("To the wallet")
    return None


def seen_until(card: LineCard) -> str:
    """The expiry that a page shows, as its form sends it back: to the microsecond."""
    return card.valid_until.isoformat() if card.valid_until else ""


def _seen(posted: QueryDict) -> datetime | None:
    """What `seen_until` wrote. Raises FlowRefused for what it did not."""
    text = posted.get("expected_valid_until", "")
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise FlowRefused("line_changed") from None


def paid(request: HttpRequest, holder: Holder, pay: re.Match[str], currency: str) -> dict[str, Any]:
    """What a form says of how it is paid (flows.paying.PaidRequest), `pay` being its PAY, and its
    total a MINOR. Raises FlowRefused where the page showed another currency than `currency`."""
    if request.POST.get("currency", currency) != currency:
        raise FlowRefused("price_changed")
    return {
        "account_id": holder.account_id,
        "currency": currency,
        "use_wallet": pay[1],
        "provider": pay[2] or None,
        "method_id": chosen_method(pay[3]),
        "pay_as": Money(int(pay[5]), pay[4]) if pay[4] else None,
        "expected_total_minor": int(request.POST["expected_total_minor"]),
        "actor": actor_of(holder),
        "channel": "portal",
        "caller": caller_of(request),
    }


def _pay(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    posted = request.POST
    plan_code, key = posted.get("plan", ""), posted.get("key", "")
    pay = PAY.fullmatch(posted.get("pay", ""))
    expected = posted.get("expected_total_minor", "")
    if not KEY.fullmatch(key):
        return _page(request, holder, line_id, plan_code, str(uuid4()), FlowRefused("key_missing"))
    if pay is None or not MINOR.fullmatch(expected):
        unreadable = FlowRefused("price_changed" if pay else "provider_unknown")
        return _page(request, holder, line_id, plan_code, key, unreadable)
    choices, _none = show_renewal(line_id, holder.account_id, "", holder.now)
    try:
        asked = RenewalRequest(
            **paid(request, holder, pay, choices.currency),
            plan_code=plan_code,
            key=key,
            line_id=line_id,
            expected_valid_until=_seen(posted),
        )
        started = renew_line.start(asked, holder.now)
    except FlowRefused as refused:
        return _page(request, holder, line_id, plan_code, key, refused)
    return redirect("checkout" if started.needs_payment else "order", started.order_id)
