"""An order: on to its checkout, back from it, its proof, its receipt, its cancellation."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from keepline.flows import cancel_order
from keepline.flows.open_payment import open_payment
from keepline.flows.receipting import paper
from keepline.flows.settle_payment import settle
from keepline.flows.show_order import show_order
from keepline.flows.show_receipt import show_receipt
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_holder, for_spender


@require_safe
@for_holder
def order(request: HttpRequest, holder: Holder, order_id: UUID) -> HttpResponse:
    """The proof; htmx fetches it again and again until it rests."""
    view = show_order(order_id, holder.account_id, holder.now)
    htmx = getattr(request, "htmx", False)
    template = "portal/parts/proof.html" if htmx else "portal/order.html"
    section = "lines" if view.line else "wallet"
    return render(request, template, {"view": view, "section": section})


@require_http_methods(["GET", "HEAD", "POST"])
@for_spender
def cancel(request: HttpRequest, holder: Holder, order_id: UUID) -> HttpResponse:
    """Of an order whose number is still to come: the page says what happens, the button does it."""
    if request.method == "POST":
        outcome = cancel_order.cancel(holder.account_id, order_id, actor_of(holder), holder.now)
        if outcome == "cancelled":
            messages.success(request, _("Your order is cancelled."))
        elif outcome == "too_late":
            messages.info(
                request, _("Too late: your number has left your old operator. Its line is set up.")
            )
        else:
            messages.info(
                request, _("It is being cancelled: your old operator is told, and we write to you.")
            )
        return redirect("order", order_id)
    view = show_order(order_id, holder.account_id, holder.now)
    if view.cancellation != "possible":
        return redirect("order", order_id)
    return render(request, "portal/cancel_order.html", {"view": view, "section": "lines"})


@require_safe
@for_spender
def checkout(request: HttpRequest, holder: Holder, order_id: UUID) -> HttpResponse:
    """On to the provider's page. Safe to repeat: one order has one checkout, or one charge."""
    view = show_order(order_id, holder.account_id, holder.now)
    if view.payment is not None and view.payment.method_id:
        settle(order_id, holder.now)
        return redirect("order", order_id)
    # The word that browsers on phones say of themselves (MDN, "Browser detection").
    on_phone = "Mobi" in request.headers.get("User-Agent", "")
    language = get_language() or "en"
    address = open_payment(order_id, language, holder.now, on_phone=on_phone)
    return HttpResponseRedirect(address) if address else redirect("order", order_id)


@require_safe
@for_holder
def order_return(_request: HttpRequest, holder: Holder, order_id: UUID) -> HttpResponse:
    """Back from the provider. The browser is not believed: the provider is asked."""
    show_order(order_id, holder.account_id, holder.now)
    settle(order_id, holder.now)
    return redirect("order", order_id)


@require_safe
@for_holder
def receipt(request: HttpRequest, holder: Holder, order_id: UUID) -> HttpResponse:
    view = show_order(order_id, holder.account_id, holder.now)
    if view.stage != "done" or view.order.receipt_number is None:
        raise Http404("no receipt yet")
    return render(request, "portal/receipt.html", {"view": view, "section": "lines"})


@require_safe
@for_holder
def receipt_pdf(_request: HttpRequest, holder: Holder, order_id: UUID) -> HttpResponse:
    found = show_receipt(order_id, holder.account_id)
    body = paper.pdf_of(found, get_language() or "en", holder.time_zone)
    response = HttpResponse(body, content_type=paper.CONTENT_TYPE)
    response["Content-Disposition"] = f'inline; filename="{paper.filename_of(found)}"'
    return response
