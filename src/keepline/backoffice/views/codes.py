"""Which numbers receive one-time codes from many services: counts and times, never a message."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from keepline.backoffice.gate import for_staff
from keepline.flows.show_code_traffic import show_code_traffic


@require_safe
@for_staff
def codes(request: HttpRequest) -> HttpResponse:
    """Of the last day, the most senders first."""
    view = show_code_traffic(timezone.now())
    return render(request, "backoffice/codes.html", {"view": view})
