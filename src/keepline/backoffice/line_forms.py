"""The forms by which staff block a line for its holder, and unblock it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from keepline.flows.refunding.deciding import LONGEST_REASON

WHY = {"lost": gettext_lazy("Lost"), "stolen": gettext_lazy("Stolen")}


class UnblockForm(forms.Form):
    """`reason` is what the audit trail keeps."""

    reason = forms.CharField(
        label=gettext_lazy("Who says so, and how do you know that it is them?"),
        max_length=LONGEST_REASON - len("stolen: "),
        help_text=gettext_lazy("Kept for good, with your name."),
    )


class BlockForm(UnblockForm):
    """The same, with what happened before it."""

    why = forms.ChoiceField(
        label=gettext_lazy("What happened"),
        choices=list(WHY.items()),
        widget=forms.RadioSelect,
        initial="lost",
    )
    field_order = ["why", "reason"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            values["reason"] = f"{values['why']}: {values['reason']}"
        return values
