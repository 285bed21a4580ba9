"""The form by which staff refund an order, and the one by which a second person decides."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepline.core.money import DecimalMark, MoneyError, parse_decimal
from keepline.core.refunds import Destination, Scope, Wish
from keepline.flows.refunding.deciding import LONGEST_REASON
from keepline.flows.show_staff_order import StaffOrderView

KEY = r"[A-Za-z0-9_-]{8,64}"
SCOPES = {
    Scope.WHOLE: gettext_lazy("All that is left; the service ends"),
    Scope.PRO_RATA: gettext_lazy("The days that are left; the service ends"),
    Scope.PART: gettext_lazy("An amount, out of goodwill; the service stays"),
}
DESTINATIONS = {
    Destination.METHOD: gettext_lazy("The way it came, as far as it came that way"),
    Destination.WALLET: gettext_lazy("Into the wallet"),
}
TOP_UP_SCOPES = {
    Scope.WHOLE: gettext_lazy("All that is left"),
    Scope.PART: gettext_lazy("An amount"),
}


class RefundForm(forms.Form):
    """`cleaned_data["wish"]` is what core.refunds decides on."""

    scope = forms.ChoiceField(label=gettext_lazy("How much"), widget=forms.RadioSelect)
    amount = forms.CharField(label=gettext_lazy("Amount"), max_length=16, required=False)
    destination = forms.ChoiceField(label=gettext_lazy("Where to"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Kept for good, with your name."),
    )
    key = forms.RegexField(KEY, widget=forms.HiddenInput)

    def __init__(self, shown: StaffOrderView, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = shown.view.order.currency
        is_top_up = shown.view.order.kind == "top_up"
        scopes: dict[Scope, Any] = dict(TOP_UP_SCOPES if is_top_up else SCOPES)
        if not (is_top_up or shown.has_term):
            del scopes[Scope.PRO_RATA]
        ways = [Destination.METHOD] if shown.method_left_minor > 0 else []
        ways += [] if is_top_up else [Destination.WALLET]
        self._offer("scope", [(str(scope), said) for scope, said in scopes.items()])
        self._offer("destination", [(str(way), DESTINATIONS[way]) for way in ways])
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}
        self.fields["amount"].help_text = _("In %(currency)s; only for an amount.") % {
            "currency": self.currency
        }

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]
        if choices:
            self.fields[name].initial = choices[0][0]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.errors:
            return values
        scope, amount_minor = Scope(values["scope"]), 0
        if scope is Scope.PART:
            amount_minor = self._amount(values["amount"].strip())
        values["wish"] = Wish(scope, Destination(values["destination"]), amount_minor)
        return values

    def _amount(self, typed: str) -> int:
        try:
            # Either mark may be the decimal one; 1,234 could be two amounts and is refused.
            mark: DecimalMark = "," if "," in typed and "." not in typed else "."
            return parse_decimal(typed, self.currency, mark).amount_minor
        except MoneyError:
            self.add_error("amount", ValidationError(_("Type an amount, such as 2.50")))
            return 0


class DecisionForm(forms.Form):
    """Yes, or no with a reason."""

    decision = forms.ChoiceField(choices=[("allow", ""), ("reject", "")])
    reason = forms.CharField(
        label=gettext_lazy("Why not"), max_length=LONGEST_REASON, required=False
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("decision") == "reject" and not values.get("reason", "").strip():
            self.add_error("reason", ValidationError(_("Say why not: who asked will read it.")))
        return values
