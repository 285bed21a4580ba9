"""What payers' banks take back: the list by deadline, and the answer that staff send."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from keepline.backoffice.gate import for_staff, staff_actor
from keepline.flows.answer_dispute import LONGEST_EVIDENCE, answer_dispute
from keepline.flows.errors import FlowRefused
from keepline.flows.list_disputes import list_disputes
from keepline.flows.show_dispute import DisputeView, show_dispute


class EvidenceForm(forms.Form):
    """The text that the bank gets."""

    evidence = forms.CharField(
        label=gettext_lazy("Evidence"),
        max_length=LONGEST_EVIDENCE,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Made from the order's record. Change what you like; it is sent once."
        ),
    )


@require_safe
@for_staff
def disputes(request: HttpRequest) -> HttpResponse:
    """The nearest deadline first."""
    context = {"disputes": list_disputes(), "section": "orders"}
    return render(request, "backoffice/disputes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def dispute(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """One dispute, and the evidence; posted, it is sent."""
    try:
        shown = show_dispute(dispute_id, timezone.now())
    except FlowRefused:
        raise Http404("no such dispute") from None
    if request.method != "POST":
        return _page(request, shown, EvidenceForm(initial={"evidence": shown.evidence}))
    form = EvidenceForm(request.POST)
    if not form.is_valid():
        return _page(request, shown, form, status=400)
    try:
        answer_dispute(
            dispute_id, form.cleaned_data["evidence"], staff_actor(request), timezone.now()
        )
    except FlowRefused as refused:
        return _page(request, shown, form, refused, refused.refusal.status)
    messages.success(request, _("Sent. The bank decides."))
    return redirect("staff_dispute", dispute_id)


def _page(
    request: HttpRequest,
    shown: DisputeView,
    form: EvidenceForm,
    refused: FlowRefused | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"shown": shown, "form": form, "refused": refused, "section": "orders"}
    return render(request, "backoffice/dispute.html", context, status=status)
