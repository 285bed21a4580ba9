"""Which shape a form field takes."""

from django import forms, template
from django.forms import BoundField

register = template.Library()


@register.simple_tag
def widget_kind(field: BoundField) -> str:
    """checkbox | group (radios, several boxes) | password | code (a one-time code) | text."""
    widget = field.field.widget
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "group"
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.PasswordInput):
        return "password"
    return "code" if widget.attrs.get("autocomplete") == "one-time-code" else "text"
