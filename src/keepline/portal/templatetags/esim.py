"""An eSIM's QR code as part of the page."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from keepline.core.activation import qr_svg
from keepline.core.identifiers import ActivationCode

register = template.Library()


@register.filter
def qr(code: ActivationCode) -> SafeString:
    """The SVG element: paths alone, made from nothing that a person wrote."""
    return mark_safe(qr_svg(code))  # noqa: S308 - segno draws it, no text of the code is in it
