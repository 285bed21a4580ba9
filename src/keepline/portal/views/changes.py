"""Another number, another SIM, another carrier, a line blocked as lost, the lock of a line."""

import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from keepline.core.parts import SIM_KINDS
from keepline.flows import (
    block_line,
    change_number,
    lock_line,
    swap_sim,
    switch_carrier,
    unblock_line,
)
from keepline.flows.change_number import NumberChangeRequest
from keepline.flows.errors import FlowRefused
from keepline.flows.paying import StartedOrder
from keepline.flows.show_line import show_line
from keepline.flows.swap_sim import SimSwapRequest
from keepline.flows.switch_carrier import CarrierSwitchRequest
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_spender

KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
MINOR = re.compile(r"[0-9]{1,15}")
NUMBER = re.compile(r"[0-9]{6,15}")
ICCID = re.compile(r"[0-9]{18,20}")


@require_http_methods(["GET", "HEAD", "POST"])
@for_spender
def number(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """Free numbers to choose from, the fee, and what becomes of the old one."""
    refused = _ordered(
        request, lambda: change_number.start(_number_asked(request, holder, line_id), holder.now)
    )
    if isinstance(refused, HttpResponse):
        return refused
    view = show_line(line_id, holder.account_id, holder.now)
    seen = change_number.preview(holder.account_id, line_id, holder.now)
    said = refused or seen.refusal
    to_check = said and said.code == "identity_needed" and holder.may_manage
    context = {
        "view": view,
        "seen": seen,
        "refused": said,
        "refused_link": (reverse("identity"), _("Who you are")) if to_check else None,
    }
    return _page(request, "portal/number.html", context, refused)


def _ordered(
    request: HttpRequest, start: Callable[[], StartedOrder]
) -> HttpResponse | FlowRefused | None:
    """Posted: on to the order, or why there is none, which its page says. A stranger's line is not
    there."""
    if request.method != "POST":
        return None
    try:
        return redirect("order", start().order_id)
    except FlowRefused as refused:
        if refused.code == "not_found":
            raise
        return refused


def _change(request: HttpRequest, holder: Holder, line_id: UUID) -> dict[str, Any]:
    """What every change's request says (flows.changing.ChangeRequest)."""
    return {
        "account_id": holder.account_id,
        "line_id": line_id,
        "key": _demanded_key(request),
        "expected_fee_minor": _fee(request),
        "actor": actor_of(holder),
        "channel": "portal",
    }


def _number_asked(request: HttpRequest, holder: Holder, line_id: UUID) -> NumberChangeRequest:
    chosen = request.POST.get("e164", "")
    if chosen and not NUMBER.fullmatch(chosen):
        raise FlowRefused("number_taken")
    e164 = int(chosen) if chosen else None
    return NumberChangeRequest(**_change(request, holder, line_id), e164=e164)


@require_http_methods(["GET", "HEAD", "POST"])
@for_spender
def sim(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """An eSIM, or the card that the holder has in the hand."""
    refused = _ordered(
        request, lambda: swap_sim.start(_sim_asked(request, holder, line_id), holder.now)
    )
    if isinstance(refused, HttpResponse):
        return refused
    view = show_line(line_id, holder.account_id, holder.now)
    seen = swap_sim.preview(holder.account_id, line_id, holder.now)
    context = {
        "view": view,
        "seen": seen,
        "kinds": SIM_KINDS.get(view.card.kind, ()),
        "iccid": request.POST.get("iccid", "")[:20],
        "refused": refused or seen.refusal,
    }
    return _page(request, "portal/sim.html", context, refused)


def _sim_asked(request: HttpRequest, holder: Holder, line_id: UUID) -> SimSwapRequest:
    wanted = request.POST.get("sim", "")
    iccid = request.POST.get("iccid", "").replace(" ", "")
    if wanted not in ("card", "profile"):
        raise FlowRefused("sim_not_for_plan")
    if wanted == "card" and not ICCID.fullmatch(iccid):
        raise FlowRefused("sim_not_free")
    return SimSwapRequest(
        **_change(request, holder, line_id),
        sim="card" if wanted == "card" else "profile",
        iccid=iccid if wanted == "card" else None,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_spender
def carrier(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """The carriers behind the line's plan, and to which of them it can go."""
    refused = _ordered(
        request, lambda: switch_carrier.start(_carrier_asked(request, holder, line_id), holder.now)
    )
    if isinstance(refused, HttpResponse):
        return refused
    seen = switch_carrier.preview(holder.account_id, line_id, holder.now)
    view = show_line(line_id, holder.account_id, holder.now)
    posted, open_ = request.POST, [each.carrier.code for each in seen.options if each.open]
    waits = seen.refusal is not None and seen.refusal.code == "carrier_switch_too_soon"
    context = {
        "view": view,
        "seen": seen,
        "kinds": SIM_KINDS.get(view.card.kind, ()),
        "chosen": next((code for code in (posted.get("carrier"), *open_) if code in open_), ""),
        "iccid": posted.get("iccid", "")[:20],
        "refused": refused or (None if waits else seen.refusal),
    }
    return _page(request, "portal/carrier.html", context, refused)


def _carrier_asked(request: HttpRequest, holder: Holder, line_id: UUID) -> CarrierSwitchRequest:
    swap = _sim_asked(request, holder, line_id)
    return CarrierSwitchRequest(
        **asdict(swap),
        carrier=request.POST.get("carrier", ""),
        anew=request.POST.get("anew") == "yes",
    )


@require_POST
@for_spender
def block(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """Lost or stolen."""
    done = _("The line is blocked: nothing goes out and nothing comes in.")
    return _done(request, holder, line_id, block_line.block, done)


@require_POST
@for_spender
def unblock(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """Found again."""
    done = _("The line is unblocked.")
    return _done(request, holder, line_id, unblock_line.unblock, done)


@require_POST
@for_spender
def lock(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """Number and SIM stay as they are; or the lock opens after a while."""
    wanted = request.POST.get("wanted") == "locked"
    lock_line.lock(holder.account_id, line_id, actor_of(holder), holder.now, wanted=wanted)
    done = (
        _("Number and SIM are locked.")
        if wanted
        else _("The lock is opening. This page says when it is open.")
    )
    messages.success(request, done)
    return redirect("line", line_id)


def _done(
    request: HttpRequest,
    holder: Holder,
    line_id: UUID,
    act: Callable[[UUID, UUID, str, datetime], None],
    done: str,
) -> HttpResponse:
    try:
        act(holder.account_id, line_id, actor_of(holder), holder.now)
    except FlowRefused as refused:
        if refused.code == "not_found":
            raise
        messages.error(request, refused.title)
    else:
        messages.success(request, done)
    return redirect("line", line_id)


def _page(
    request: HttpRequest, template: str, context: dict[str, object], refused: FlowRefused | None
) -> HttpResponse:
    status = refused.refusal.status if refused else 200
    frame = {"section": "lines", "key": _key(request)}
    return render(request, template, context | frame, status=status)


def _key(request: HttpRequest) -> str:
    """The key travels with the page: a second click sends it again, and is the same order."""
    sent = request.POST.get("key", "")
    return sent if KEY.fullmatch(sent) else str(uuid4())


def _demanded_key(request: HttpRequest) -> str:
    sent = request.POST.get("key", "")
    if not KEY.fullmatch(sent):
        raise FlowRefused("key_missing")
    return sent


def _fee(request: HttpRequest) -> int:
    sent = request.POST.get("expected_fee_minor", "")
    if not MINOR.fullmatch(sent):
        raise FlowRefused("price_changed")
    return int(sent)
