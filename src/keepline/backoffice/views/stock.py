"""How full the pools of numbers, cards and profiles are."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from keepline.backoffice import shelves
from keepline.backoffice.gate import for_staff
from keepline.flows.show_stock import show_stock


@require_safe
@for_staff
def stock(request: HttpRequest) -> HttpResponse:
    """Every pool, with what is free and how long that lasts; the low ones are named first."""
    view = show_stock(timezone.now())
    shown = {"shelves": shelves.shelves_of(view), "low": view.low}
    return render(request, "backoffice/stock.html", shown)
