"""Says the codes of the domain in the reader's language. A code without a word shows itself."""

from collections.abc import Mapping
from typing import Any

from babel import Locale
from django import template
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from keepline.core.formats import locale_of

register = template.Library()

Words = Mapping[Any, object]

LINE_KINDS: Words = {
    "virtual_number": lazy("Virtual number"),
    "travel_sim": lazy("Travel SIM"),
    "country_esim": lazy("Country eSIM"),
    "local_data_sim": lazy("Local data SIM"),
    "keep_alive": lazy("Keep-alive line"),
}
LINE_STATES: Words = {
    "reserved": lazy("Reserved"),
    "provisioning": lazy("Being set up"),
    "ready": lazy("Ready"),
    "active": lazy("Active"),
    "grace": lazy("Expired, in grace"),
    "suspended": lazy("Suspended"),
    "terminated": lazy("Withdrawn"),
    "paused": lazy("Paused"),
    "blocked": lazy("Blocked"),
    "porting": lazy("Moving to another carrier"),
}
STATE_BADGES = {
    "active": "badge-ok",
    "ready": "badge-accent",
    "grace": "badge-warn",
    "suspended": "badge-bad",
    "terminated": "badge-bad",
    "blocked": "badge-bad",
}
BUCKETS: Words = {"data": lazy("Data"), "voice": lazy("Calls"), "sms": lazy("Messages")}
ORDER_KINDS: Words = {
    "renewal": lazy("Renewal"),
    "top_up": lazy("Top-up"),
    "opening": lazy("Taken over"),
}
STAGES: Words = {
    "to_pay": lazy("Waiting for payment"),
    "asking": lazy("Asking the payment provider"),
    "delivering": lazy("Paid, being carried out"),
    "done": lazy("Done"),
    "refunding": lazy("Refund on its way"),
    "refunded": lazy("Refunded"),
    "to_wallet": lazy("Refunded to the wallet"),
    "cancelled": lazy("Not carried out"),
}
ORDER_STATES: Words = {
    "acknowledged": lazy("Waiting for payment"),
    "in_progress": lazy("Being carried out"),
    "held": lazy("Waiting for the network"),
    "completed": lazy("Done"),
    "failed": lazy("Failed"),
    "cancelled": lazy("Not carried out"),
    "withdrawn": lazy("Withdrawn, money back"),
}
FAILURES: Words = {
    "promise_passed": lazy("The network did not confirm in the promised time."),
    "provider_refused": lazy("The payment provider refused the payment."),
    "declined": lazy("The payment was declined."),
    "expired": lazy("The checkout was not completed in time."),
    "network_rejected": lazy("The network refused the change."),
    "rejected": lazy("The network refused the change."),
    "state_refuses": lazy("By then the line could not be renewed any more."),
}
CAUSES: Words = {
    "renewed": lazy("renewed"),
    "expired": lazy("the paid time ran out"),
    "grace_over": lazy("grace ran out"),
    "suspension_over": lazy("the number's holding time ran out"),
    "imported": lazy("taken over from the earlier system"),
}
GRACE_RULES: Words = {
    "from_payment": lazy(
        "Renewed in time, the new term starts when the old one ends. "
        "Renewed in grace, it starts with the payment."
    ),
    "from_expiry": lazy(
        "The new term starts when the old one ended, also when you renew in grace."
    ),
}
MOVEMENTS: Words = {
    1: lazy("Paid in"),
    2: lazy("Opening balance"),
    3: lazy("Renewal"),
    4: lazy("Tax"),
    5: lazy("Refund into the wallet"),
    6: lazy("Correction"),
    7: lazy("Bonus"),
    8: lazy("Refund to the payment provider"),
    9: lazy("Fee"),
}
SELLERS: Words = {"house": "Keepline"}
PROVIDERS: Words = {"sandbox": lazy("Card or other way, at the checkout")}


def _word(words: Words, code: object) -> str:
    return str(words.get(str(code), code))


@register.filter
def line_kind(code: str) -> str:
    return _word(LINE_KINDS, code)


@register.filter
def line_state(code: str) -> str:
    return _word(LINE_STATES, code)


@register.filter
def state_badge(code: str) -> str:
    return STATE_BADGES.get(str(code), "")


@register.filter
def bucket_name(code: str) -> str:
    return _word(BUCKETS, code)


@register.filter
def order_kind(code: str) -> str:
    return _word(ORDER_KINDS, code)


@register.filter
def stage_word(code: str) -> str:
    return _word(STAGES, code)


@register.filter
def order_state(code: str) -> str:
    return _word(ORDER_STATES, code)


@register.filter
def failure(code: str) -> str:
    return _word(FAILURES, code) if code in FAILURES else _("The order could not be carried out.")


@register.filter
def cause(code: str) -> str:
    return _word(CAUSES, code)


@register.filter
def grace_rule(code: str) -> str:
    return _word(GRACE_RULES, code)


@register.filter
def movement(code: int) -> str:
    return str(MOVEMENTS.get(code, code))


@register.filter
def seller(code: str) -> str:
    return _word(SELLERS, code)


@register.filter
def provider(code: str) -> str:
    return _word(PROVIDERS, code)


def _locale() -> Locale:
    return locale_of(get_language() or "en")


@register.filter
def country(code: str) -> str:
    """TH -> Thailand, from CLDR."""
    return _locale().territories.get(code.upper(), code) if code else ""


@register.filter
def countries(codes: list[str]) -> str:
    """["SE", "NO"] -> Norway, Sweden."""
    return pgettext("between countries", ", ").join(sorted(country(code) for code in codes))


@register.filter
def currency_name(code: str) -> str:
    """CNY -> Chinese Yuan."""
    return str(_locale().currencies.get(code, code))
