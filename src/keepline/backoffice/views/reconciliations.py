"""Our books beside the providers', as the last nights found them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from keepline.backoffice.gate import for_staff
from keepline.flows.show_reconciliations import show_reconciliations


@require_safe
@for_staff
def reconciliations(request: HttpRequest) -> HttpResponse:
    """The last comparisons, newest first, with what each left for a person."""
    view = show_reconciliations(timezone.now())
    return render(request, "backoffice/reconciliations.html", {"view": view})
