"""Staff say how many lines an account may have."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from keepline.backoffice.gate import for_staff, staff_actor
from keepline.backoffice.views.lines import staff_line_or_404
from keepline.flows.errors import FlowRefused
from keepline.flows.refunding.deciding import LONGEST_REASON
from keepline.flows.set_line_cap import set_line_cap

MOST_LINES = 1_000_000


class CapForm(forms.Form):
    """`cap` empty: what holds for all."""

    cap = forms.IntegerField(
        label=gettext_lazy("Lines at most"),
        min_value=0,
        max_value=MOST_LINES,
        required=False,
        help_text=gettext_lazy("Empty: as many as all others. 0: no end."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Kept for good, with your name."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def line_cap(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """Of the account that holds the line; its page leads here."""
    shown = staff_line_or_404(line_id)
    form = CapForm(request.POST or None, initial={"cap": shown.line_cap})
    refused, status = None, 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                set_line_cap(
                    shown.account_id,
                    form.cleaned_data["cap"],
                    form.cleaned_data["reason"],
                    staff_actor(request),
                    timezone.now(),
                )
            except FlowRefused as error:
                refused, status = error, error.refusal.status
            else:
                messages.success(request, _("Saved."))
                return redirect("staff_line", line_id)
    context = {"shown": shown, "form": form, "refused": refused, "section": "orders"}
    return render(request, "backoffice/line_cap.html", context, status=status)
