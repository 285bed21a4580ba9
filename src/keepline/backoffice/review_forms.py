"""The forms by which staff decide about what waits for them: a yes, or a no with a reason."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from keepline.flows.refunding.deciding import LONGEST_REASON


class ReviewForm(forms.Form):
    """About a payment in review."""

    decision = forms.ChoiceField(choices=[("accept", ""), ("refuse", "")])
    reason = forms.CharField(max_length=LONGEST_REASON, required=False)
    needs_reason = frozenset({"refuse"})

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        no = values.get("decision") in self.needs_reason
        if no and not values.get("reason", "").strip():
            self.add_error("reason", ValidationError(_("Say why: it is kept for good.")))
        return values


class ArrivalForm(ReviewForm):
    """About a number that came without its line."""

    decision = forms.ChoiceField(choices=[("again", ""), ("give_up", ""), ("returned", "")])
    needs_reason = frozenset({"give_up", "returned"})
