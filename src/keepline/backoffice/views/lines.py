"""Staff find a line, look at it, and block it for a holder who has lost it: asked twice."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from keepline.accounts import clocks
from keepline.backoffice.gate import for_staff, staff_actor
from keepline.backoffice.line_forms import BlockForm, UnblockForm
from keepline.backoffice.views.orders import LONGEST_SEARCH
from keepline.flows.block_line import block
from keepline.flows.errors import FlowRefused
from keepline.flows.list_found_lines import list_found_lines
from keepline.flows.show_staff_line import StaffLineView, show_staff_line
from keepline.flows.unblock_line import unblock


@require_safe
@for_staff
def lines(request: HttpRequest) -> HttpResponse:
    """?q= a number, a card, an e-mail, the id of a line or an order."""
    text = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    found = list_found_lines(text) if text else None
    context = {"text": text, "found": found, "section": "orders"}
    return render(request, "backoffice/lines.html", context)


@require_safe
@for_staff
def line(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """The line, its orders, and who did what to it."""
    context = {"shown": staff_line_or_404(line_id), "section": "orders"}
    return render(request, "backoffice/line.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def block_line(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """The form; posted, it asks once more; posted from there, the line is blocked, or unblocked
    where it is blocked as lost."""
    shown = staff_line_or_404(line_id)
    if not (shown.view.blockable or shown.view.lost):
        return redirect("staff_line", line_id)
    kind: type[UnblockForm] = UnblockForm if shown.view.lost else BlockForm
    if request.method != "POST":
        return _page(request, shown, kind())
    form = kind(request.POST)
    if not form.is_valid():
        return _page(request, shown, form, status=400)
    if "sure" not in request.POST:
        return _page(request, shown, form, asks="again" not in request.POST)
    try:
        _act(request, shown, form.cleaned_data["reason"])
    except FlowRefused as refused:
        return _page(request, shown, form, refused=refused, status=refused.refusal.status)
    return redirect("staff_line", line_id)


def _act(request: HttpRequest, shown: StaffLineView, reason: str) -> None:
    """What the page that was confirmed has said, and not the other way round."""
    act, wanted = (unblock, "unblock") if shown.view.lost else (block, "block")
    if request.POST["sure"] != wanted:
        raise FlowRefused("change_refused")
    now = clocks.now_for(shown.account_id, timezone.now())
    act(shown.account_id, shown.view.card.line_id, staff_actor(request), now, reason)
    said = _("The line is unblocked.") if shown.view.lost else _("The line is blocked.")
    messages.success(request, f"{said} {_('The holder is told.')}")


def _page(
    request: HttpRequest,
    shown: StaffLineView,
    form: UnblockForm,
    *,
    asks: bool = False,
    refused: FlowRefused | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "shown": shown,
        "form": form,
        "asks": asks,
        "refused": refused,
        "section": "orders",
    }
    return render(request, "backoffice/block.html", context, status=status)


def staff_line_or_404(line_id: UUID) -> StaffLineView:
    """The line as staff see it. Raises Http404."""
    try:
        return show_staff_line(line_id, timezone.now())
    except FlowRefused:
        raise Http404("no such line") from None
