"""What would happen to the whole base, and what a proposed policy would change."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from keepline.backoffice.forms import HORIZONS, PolicyForm, initial_of
from keepline.backoffice.gate import for_staff
from keepline.backoffice.panels import count_said, panels_of
from keepline.catalog import queries as catalog
from keepline.flows.foreseeing.asking import foresee
from keepline.flows.show_future import FutureRequest, FutureView

LONGEST_QUESTION = 6000


@require_safe
@for_staff
def future(request: HttpRequest) -> HttpResponse:
    """?days=180 looks so far ahead; with ?propose=1 and the form's fields a policy stands beside.

    Everything is in the address: nothing is kept, and a view can be sent to a colleague.
    """
    days = _days(request)
    policies = catalog.policies_in_force()
    codes = [policy.code for policy in policies]
    proposing = "propose" in request.GET and len(request.META["QUERY_STRING"]) < LONGEST_QUESTION
    if proposing:
        form = PolicyForm(codes, request.GET)
    else:
        shown = initial_of(catalog.policy_of(policies[0])) if policies else None
        form = PolicyForm(codes, initial=shown)
    policy = form.cleaned_data["policy"] if proposing and form.is_valid() else None
    answer = foresee(FutureRequest(days=days, policy=policy), timezone.now())
    context = {
        "days": days,
        "horizons": HORIZONS,
        "form": form,
        "answer": answer,
        "view": answer.view,
        "panels": panels_of(answer.view) if answer.view else [],
        "proposing": proposing,
        "lines_said": count_said(answer.view.today.lines) if answer.view else "",
        "impact": _impact(answer.view) if answer.view else None,
        "proposal": _without_days(request) if policy else "",
    }
    status = 400 if proposing and policy is None else 200
    return render(request, "backoffice/future.html", context, status=status)


def _impact(view: FutureView) -> dict[str, str] | None:
    """The figures of whom it affects, as they are said."""
    impact = view.impact
    if impact is None:
        return None
    names = ("lines_governed", "lines_affected", "accounts_affected")
    return {name: count_said(getattr(impact, name)) for name in names}


def _days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in map(str, HORIZONS) else HORIZONS[-1]


def _without_days(request: HttpRequest) -> str:
    """The proposal as a part of an address, to look at it over another span."""
    asked = request.GET.copy()
    asked.pop("days", None)
    return asked.urlencode()
