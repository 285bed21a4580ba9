"""Words for topics, channels and outcomes of messages, for holders and staff."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from keepline.core.telling import Topic

Words = Mapping[str, Promise]

TOPICS: Mapping[str, tuple[Promise, Promise]] = {
    Topic.SAFETY: (
        _("Safety of number and SIM"),
        _("A line is blocked, locked or closed; another number or SIM is asked for."),
    ),
    Topic.LOSS: (
        _("What may cost you a number"),
        _("A line has run out, a renewal failed, a number will be withdrawn."),
    ),
    Topic.MONEY: (_("Money"), _("Money that waits, goes back, or is taken back by a bank.")),
    Topic.REMINDERS: (_("Reminders"), _("A line runs out in some days.")),
    Topic.CONFIRMATIONS: (
        _("Confirmations"),
        _("What you asked for is done: renewed, bought, topped up. With the receipt."),
    ),
}
CHANNELS: Words = {
    "email": _("E-mail"),
    "sms": _("SMS"),
    "push": pgettext_lazy("channel", "Notification"),
    "webhook": pgettext_lazy("channel", "Webhook"),
}
OUTCOMES: Words = {
    "": _("on its way"),
    "waiting": _("tried again later"),
    "sent": pgettext_lazy("message", "sent"),
    "delivered": _("delivered"),
    "refused": _("came back"),
    "laid_aside": _("given up"),
    "overtaken": _("no longer true, not sent"),
    "not_wanted": _("not wanted"),
    "no_address": _("no address"),
}
BADGES: Mapping[str, str] = {
    "sent": "badge-ok",
    "delivered": "badge-ok",
    "refused": "badge-bad",
    "laid_aside": "badge-bad",
    "no_address": "badge-warn",
}
