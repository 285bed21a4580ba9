"""Staff find an order, look at it, and refund it: first a preview, then the act."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from keepline.backoffice.gate import for_staff, staff_actor
from keepline.backoffice.refund_forms import RefundForm
from keepline.core.lifecycle.refund import RefundState
from keepline.flows import refund_order
from keepline.flows.errors import FlowRefused
from keepline.flows.list_found_orders import list_found_orders
from keepline.flows.refund_order import RefundRequest
from keepline.flows.show_staff_order import StaffOrderView, show_staff_order

LONGEST_SEARCH = 120
LONGEST_MINOR = 15  # digits


@require_safe
@for_staff
def orders(request: HttpRequest) -> HttpResponse:
    """?q= a number, a card, a receipt, an e-mail or an order's id."""
    text = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    found = list_found_orders(text) if text else None
    context = {"text": text, "found": found, "section": "orders"}
    return render(request, "backoffice/orders.html", context)


@require_safe
@for_staff
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """The order with its money, its way and its refunds."""
    context = {"shown": _shown(order_id), "section": "orders"}
    return render(request, "backoffice/order.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def refund(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """The form; posted, a preview of what it does; posted with the amount seen, it is done."""
    shown = _shown(order_id)
    if shown.refused or shown.left_minor <= 0:
        return redirect("staff_order", order_id)
    if request.method != "POST":
        return _page(request, shown, RefundForm(shown, initial={"key": str(uuid4())}))
    form = RefundForm(shown, request.POST)
    if not form.is_valid():
        return _page(request, shown, form, status=400)
    if "again" in request.POST:  # back from the preview, to change something
        return _page(request, shown, form)
    try:
        return _preview_or_act(request, shown, form)
    except FlowRefused as refused:
        return _page(request, shown, form, refused=refused, status=refused.refusal.status)


def _preview_or_act(request: HttpRequest, shown: StaffOrderView, form: RefundForm) -> HttpResponse:
    """Who has seen an amount sends it along: it is given, or nothing is."""
    expected = request.POST.get("expected_minor", "")
    if expected.isascii() and expected.isdigit() and len(expected) <= LONGEST_MINOR:
        return _done(request, shown.view.order.id, form, int(expected))
    return _preview(request, shown, form)


def _preview(request: HttpRequest, shown: StaffOrderView, form: RefundForm) -> HttpResponse:
    order_id, wish = shown.view.order.id, form.cleaned_data["wish"]
    outlook = refund_order.preview(order_id, wish, timezone.now())
    context = {"shown": shown, "form": form, "outlook": outlook, "wish": wish, "section": "orders"}
    return render(request, "backoffice/preview.html", context)


def _done(request: HttpRequest, order_id: UUID, form: RefundForm, expected: int) -> HttpResponse:
    asked = RefundRequest(
        order_id=order_id,
        wish=form.cleaned_data["wish"],
        reason=form.cleaned_data["reason"],
        key=form.cleaned_data["key"],
        actor=staff_actor(request),
        expected_minor=expected,
    )
    made = refund_order.ask(asked, timezone.now())
    if made.state == RefundState.REQUESTED:
        messages.success(request, _("Asked for. It goes out when a second person has allowed it."))
    else:
        messages.success(request, _("Done. The holder is told."))
    return redirect("staff_order", order_id)


def _page(
    request: HttpRequest,
    shown: StaffOrderView,
    form: RefundForm,
    refused: FlowRefused | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"shown": shown, "form": form, "refused": refused, "section": "orders"}
    return render(request, "backoffice/refund.html", context, status=status)


def _shown(order_id: UUID) -> StaffOrderView:
    try:
        return show_staff_order(order_id, timezone.now())
    except FlowRefused:
        raise Http404("no such order") from None
