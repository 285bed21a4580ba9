"""The form by which staff decide about a payment in review."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from keepline.flows.review_payment import LONGEST_REASON


class ReviewForm(forms.Form):
    """Yes, or no with a reason."""

    decision = forms.ChoiceField(choices=[("accept", ""), ("refuse", "")])
    reason = forms.CharField(max_length=LONGEST_REASON, required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("decision") == "refuse" and not values.get("reason", "").strip():
            self.add_error("reason", ValidationError(_("Say why: it is kept for good.")))
        return values
