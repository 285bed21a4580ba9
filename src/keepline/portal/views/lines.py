"""My lines, and one of them."""

import re
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from keepline.flows.show_line import show_line
from keepline.flows.show_lines import show_lines
from keepline.portal.holder import Holder
from keepline.portal.views.gate import for_holder

OFFSET = re.compile(r"[0-9]{1,6}")


@require_safe
@for_holder
def lines(request: HttpRequest, holder: Holder) -> HttpResponse:
    """Cards, soonest expiry first; ?from=50 is the next page."""
    asked = request.GET.get("from", "")
    offset = int(asked) if OFFSET.fullmatch(asked) else 0
    page = show_lines(holder.account_id, timezone.now(), offset)
    return render(request, "portal/lines.html", {"page": page, "section": "lines"})


@require_safe
@for_holder
def line(request: HttpRequest, holder: Holder, line_id: UUID) -> HttpResponse:
    view = show_line(line_id, holder.account_id, timezone.now())
    return render(request, "portal/line.html", {"view": view, "section": "lines"})
