"""{{ number|spoken }}: +8613800138000 as +86 138 0013 8000."""

from django import template

from keepline.accounts.phones import spoken as _spoken

register = template.Library()


@register.filter
def spoken(phone: str | None) -> str:
    return _spoken(phone) if phone else ""
