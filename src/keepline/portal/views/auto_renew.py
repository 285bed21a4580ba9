"""Auto-renew of one line: the switch on its page, and a page for plan and days."""

import re
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from keepline.flows.errors import FlowRefused
from keepline.flows.set_auto_renew import AutoRenewWish, set_auto_renew
from keepline.flows.show_auto_renew import show_auto_renew
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_spender
from keepline.portal.views.methods import chosen_method

SWITCH = {"on": True, "off": False}
PLAN = re.compile(r"([a-z0-9][a-z0-9_-]{0,59}):([0-9]{1,15}):([A-Z]{3})")
DAYS = re.compile(r"[0-9]{1,3}")


@require_http_methods(["GET", "HEAD", "POST"])
@for_spender
def auto_renew(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """Takes `enabled` (on, off), `plan` (code:total:currency as shown), `lead` (days, or empty as
    the policy says) and `method` (of a saved way to pay, or empty for the wallet alone). Without
    `plan`, plan and consent stay as they are."""
    if request.method != "POST":
        return _page(request, holder, line_id)
    if request.POST.get("enabled") not in SWITCH:
        return _page(request, holder, line_id, status=422)  # a stranger's line is refused there
    try:
        wish = _wish(request, holder, line_id)
        set_auto_renew(wish, holder.now)
    except FlowRefused as refused:
        return _page(request, holder, line_id, refused)
    said = _("Saved. Auto-renew is on.") if wish.enabled else _("Saved. Auto-renew is off.")
    messages.success(request, said)
    return redirect("line", line_id)


def _wish(request: HttpRequest, holder: Holder, line_id: UUID) -> AutoRenewWish:
    """What was posted. Raises FlowRefused for what no form of ours sends."""
    posted = request.POST
    plan, lead = posted.get("plan", ""), posted.get("lead", "")
    chosen = PLAN.fullmatch(plan)
    if plan and not chosen:
        raise FlowRefused("plan_not_for_line")
    if lead and not DAYS.fullmatch(lead):
        raise FlowRefused("lead_refused")
    return AutoRenewWish(
        account_id=holder.account_id,
        line_id=line_id,
        enabled=SWITCH[posted["enabled"]],
        plan_code=chosen[1] if chosen else None,
        lead_days=int(lead) if lead else None,
        actor=actor_of(holder),
        expected=(int(chosen[2]), chosen[3]) if chosen else None,
        method_id=chosen_method(posted.get("method")),
    )


def _page(
    request: HttpRequest,
    holder: Holder,
    line_id: UUID,
    refused: FlowRefused | None = None,
    status: int = 200,
) -> HttpResponse:
    view = show_auto_renew(line_id, holder.account_id, holder.now)
    context = {"view": view, "refused": refused, "section": "lines"}
    return render(
        request,
        "portal/auto_renew.html",
        context,
        status=refused.refusal.status if refused else status,
    )
