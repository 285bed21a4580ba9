"""My lines, and one of them."""

import re
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from keepline.core.lifecycle.line import LineState
from keepline.flows.claim_account import accounts_on_file
from keepline.flows.errors import FlowRefused
from keepline.flows.rename_line import rename_line
from keepline.flows.show_line import show_line
from keepline.flows.show_lines import LineCard, show_lines
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_holder, for_spender
from keepline.portal.views.renew import seen_until

OFFSET = re.compile(r"[0-9]{1,6}")


@require_safe
@for_holder
def lines(request: HttpRequest, holder: Holder) -> HttpResponse:
    """Cards, soonest expiry first; ?from=50 is the next page."""
    asked = request.GET.get("from", "")
    offset = int(asked) if OFFSET.fullmatch(asked) else 0
    page = show_lines(holder.account_id, holder.now, offset)
    # Whoever is new here may have come for lines that an import brought.
    on_file = not page.cards and bool(accounts_on_file(holder.user, timezone.now()))
    context = {"page": page, "on_file": on_file, "section": "lines"}
    return render(request, "portal/lines.html", context)


@require_safe
@for_holder
def line(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    return _page(request, holder, line_id)


def _page(
    request: HttpRequest, holder: Holder, line_id: UUID, refused: FlowRefused | None = None
) -> HttpResponse:
    view = show_line(line_id, holder.account_id, holder.now)
    label = request.POST.get("label", view.card.label)
    context = {
        "view": view,
        "label": label,
        "refused": refused,
        "bring_back": _bring_back(view.card),
        "section": "lines",
    }
    status = refused.refusal.status if refused else 200
    return render(request, "portal/line.html", context, status=status)


def _bring_back(card: LineCard) -> dict[str, str | int] | None:
    """What one click sends to renew a line that ran out, with its plan and from the wallet; None
    where that takes more than a click.

    The key is one for each time the line runs out, so a click on a page opened twice pays once.
    """
    auto = card.auto_renew
    lapsed = card.state in (LineState.GRACE, LineState.SUSPENDED) and card.valid_until
    if not lapsed or auto.offer is None or auto.price is None or auto.short_minor:
        return None
    total_minor = auto.price.total_minor
    return {
        "key": f"back-{card.line_id.hex[-12:]}-{lapsed.timestamp():.0f}-{total_minor}",
        "plan": auto.offer.code,
        "pay": "only:",
        "currency": auto.price.currency,
        "expected_total_minor": total_minor,
        "expected_valid_until": seen_until(card),
    }


@require_POST
@for_spender
def rename(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    """Takes `label`; leads back to the line."""
    try:
        if "label" not in request.POST:  # nothing was meant to take the name away
            raise FlowRefused("label_refused")
        label, actor = request.POST["label"], actor_of(holder)
        rename_line(line_id, holder.account_id, label, actor, holder.now)
    except FlowRefused as refused:
        return _page(request, holder, line_id, refused)  # a stranger's line is refused there
    messages.success(request, _("Saved."))
    return redirect("line", line_id)
