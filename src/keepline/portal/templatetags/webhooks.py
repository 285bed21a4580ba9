"""How pages say what became of events on their way to an endpoint."""

from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

register = template.Library()

STATES = {
    "waiting": gettext_lazy("on its way"),
    "delivered": gettext_lazy("taken"),
    "refused": gettext_lazy("refused"),
    "gave_up": gettext_lazy("given up"),
    "not_sent": gettext_lazy("not sent"),
}
BADGES = {"delivered": "badge-ok", "waiting": "badge-accent", "refused": "badge-bad"}
ANSWERS = {
    "inside": gettext_lazy("its address lies inside a network"),
    "name": gettext_lazy("its name leads nowhere"),
    "connect": gettext_lazy("nobody takes the connection"),
    "tls": gettext_lazy("its certificate cannot be believed"),
    "late": gettext_lazy("it gave no answer in time"),
    "cut": gettext_lazy("it hung up before it answered"),
    "unsigned": gettext_lazy("there is no secret to sign with"),
}


@register.filter
def endpoint_name(endpoint: Any) -> str:
    """As its owner calls it, or its host."""
    return str(endpoint.name or urlsplit(endpoint.url).hostname or endpoint.url)


@register.filter
def webhook_state(code: str) -> str:
    return str(STATES.get(code, code))


@register.filter
def webhook_badge(code: str) -> str:
    return BADGES.get(code, "badge-warn")


@register.filter
def webhook_answer(code: str) -> str:
    """A status as it is, a word in the reader's language; never what the other side wrote."""
    if code[:3].isdigit():
        return _("it answered %s") % code[:3]
    return str(ANSWERS.get(code, _("it could not be sent")))
