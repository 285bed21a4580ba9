"""Which files were taken over, how far, and what stayed out."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from keepline.backoffice.gate import for_staff
from keepline.flows.list_imports import list_imports


@require_safe
@for_staff
def imports(request: HttpRequest) -> HttpResponse:
    """The last ones, newest first."""
    return render(request, "backoffice/imports.html", {"imports": list_imports()})
