"""The form by which a policy is proposed: the usual fields, or a file's text."""

import json
import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepline.catalog.queries import PolicyValues
from keepline.catalog.reading import (
    LONGEST_DAYS,
    SHORTEST_QUARANTINE_DAYS,
    CatalogRefused,
    read_policy,
)

HORIZONS = (90, 180, 365)
LONGEST_TEXT = 4000
DAYS = re.compile(r"-?\d{1,4}", re.ASCII)
EVERY = "every-policy"


class DaysField(forms.CharField):
    """Whole days, parted by commas or spaces."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=120, **kwargs)

    def clean(self, value: Any) -> list[int]:
        parts = super().clean(value).replace("，", ",").replace("−", "-")
        words = [word for word in re.split(r"[,\s]+", parts) if word]
        if not all(DAYS.fullmatch(word) for word in words):
            raise ValidationError(_("Whole days, parted by commas: 14, 7, 1"))
        return [int(word) for word in words]


def _whole(label: Any, least: int = 0) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=LONGEST_DAYS)


class PolicyForm(forms.Form):
    """`cleaned_data["policy"]` is what catalog.reading.read_policy makes of it."""

    code = forms.ChoiceField(label=gettext_lazy("Stands in for"))
    grace_days = _whole(gettext_lazy("Days of grace"))
    suspended_days = _whole(gettext_lazy("Days suspended"))
    quarantine_days = _whole(gettext_lazy("Days a number rests"), SHORTEST_QUARANTINE_DAYS)
    retry_days = DaysField(
        label=gettext_lazy("Tries to renew"),
        help_text=gettext_lazy("Days from expiry; before it with a minus."),
        required=False,
    )
    remind_before_expiry_days = DaysField(
        label=gettext_lazy("Reminders before expiry"),
        help_text=gettext_lazy("Days before."),
        required=False,
    )
    remind_after_expiry_days = DaysField(
        label=gettext_lazy("Reminders in grace"),
        help_text=gettext_lazy("Days after expiry."),
        required=False,
    )
    remind_before_withdrawal_days = DaysField(
        label=gettext_lazy("Reminders before the end"),
        help_text=gettext_lazy("Days before the number goes."),
        required=False,
    )
    text = forms.CharField(
        label=gettext_lazy("Or a policy file"),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        max_length=LONGEST_TEXT,
        required=False,
        help_text=gettext_lazy(
            "TOML with a [policy], as in a catalogue. It goes before the fields above."
        ),
    )

    def __init__(self, codes: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(EVERY, _("All policies")), *((code, code) for code in codes)]
        self.fields["code"].choices = choices  # type: ignore[attr-defined]
        if self.data.get("text", "").strip():  # the file says all of it
            for name, field in self.fields.items():
                field.required = False if name != "text" else field.required

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.errors:
            return values
        text = values["text"].strip() or _written(values)
        try:
            values["policy"] = read_policy(
                _("Proposal"), text, settings.ENV.shortest_quarantine_days
            )
        except CatalogRefused as refused:
            raise ValidationError(str(refused)) from refused
        return values


def initial_of(values: PolicyValues) -> dict[str, object]:
    """What the form shows at first: a policy that holds today."""
    rules = values.agenda
    return {
        "code": EVERY,
        "grace_days": values.grace_days,
        "suspended_days": values.suspended_days,
        "quarantine_days": values.quarantine_days,
        **{
            name: ", ".join(map(str, getattr(rules, name)))
            for name in (
                "retry_days",
                "remind_before_expiry_days",
                "remind_after_expiry_days",
                "remind_before_withdrawal_days",
            )
        },
    }


def _written(values: dict[str, Any]) -> str:
    """The fields as the file that they stand for. JSON's lists and strings are TOML's too."""
    names = [name for name in values if name.endswith("_days")]
    lines = [f"{name} = {json.dumps(values[name])}" for name in names]
    return "\n".join(
        [
            "[policy]",
            f"code = {json.dumps(values['code'])}",
            'source = "https://proposal.invalid"',  # a proposal rests on no page yet
            'grace_rule = "from_payment"',
            "reclaim_days = 0",
            *lines,
        ]
    )
