"""Says the codes of the domain in the reader's language. A code without a word shows itself."""

from collections.abc import Iterable, Mapping
from typing import Any

from babel.lists import format_list
from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from keepline.core import formats
from keepline.flows.receipting import words as of_sales
from keepline.flows.receipting.words import Words, country, locale, word
from keepline.flows.sale import CALLED_OFF
from keepline.orders.models import Order

register = template.Library()
for name in ("country", "grace_rule", "line_kind", "order_kind", "rate_of", "seller", "tax_name"):
    register.filter(name, getattr(of_sales, name))

LINE_STATES: Words = {
    "reserved": gettext_lazy("Reserved"),
    "provisioning": gettext_lazy("Being set up"),
    "ready": gettext_lazy("Ready"),
    "active": gettext_lazy("Active"),
    "grace": gettext_lazy("Expired, in grace"),
    "suspended": gettext_lazy("Suspended"),
    "terminated": gettext_lazy("Ended"),
    "paused": gettext_lazy("Paused"),
    "blocked": gettext_lazy("Blocked"),
    "porting": gettext_lazy("Moving to another operator"),
}
STATE_BADGES = {
    "active": "badge-ok",
    "ready": "badge-accent",
    "grace": "badge-warn",
    "suspended": "badge-bad",
    "terminated": "badge-bad",
    "blocked": "badge-bad",
}
ROLES: Words = {
    "owner": gettext_lazy("it is yours"),
    "manage": gettext_lazy("you manage it"),
    "spend": gettext_lazy("you may pay"),
    "receive": gettext_lazy("you may read its messages"),
    "see": gettext_lazy("you may look"),
}
BUCKETS: Words = {
    "data": gettext_lazy("Data"),
    "voice": gettext_lazy("Calls"),
    "sms": gettext_lazy("Messages"),
}
ORDER_STATES: Words = {
    "acknowledged": gettext_lazy("Waiting for payment"),
    "pending": gettext_lazy("Looked at by a person"),
    "in_progress": gettext_lazy("Being carried out"),
    "held": gettext_lazy("Waiting for the network"),
    "completed": gettext_lazy("Done"),
    "failed": gettext_lazy("Failed"),
    "cancelled": gettext_lazy("Not carried out"),
    "withdrawn": gettext_lazy("Withdrawn, money back"),
}
# What stands above an order that is over without service, by its stage (flows/show_order.py).
ENDS: Words = {
    "refunding": gettext_lazy("Not carried out, your money is on its way back"),
    "refunded": gettext_lazy("Not carried out, refunded"),
    "to_wallet": gettext_lazy("Not carried out, the money is in your wallet"),
    "disputed": gettext_lazy("Not carried out"),
    "cancelled": gettext_lazy("Not carried out"),
}
ENDS_OF_CALLED_OFF: Words = {  # the same, where its buyer wanted it so
    "refunding": gettext_lazy("Cancelled, your money is on its way back"),
    "refunded": gettext_lazy("Cancelled, refunded"),
    "to_wallet": gettext_lazy("Cancelled, the money is in your wallet"),
    "disputed": gettext_lazy("Cancelled"),
    "cancelled": gettext_lazy("Cancelled"),
}
FAILURES: Words = {
    "promise_passed": gettext_lazy("The network did not confirm in the promised time."),
    "called_off": gettext_lazy("You cancelled it. Your number stays with your old operator."),
    "provider_refused": gettext_lazy("The payment provider refused the payment."),
    "payment_declined": gettext_lazy("The payment was declined."),
    "approval_needed": gettext_lazy("Your bank wants you to approve this payment yourself."),
    "payment_expired": gettext_lazy("The checkout was not completed in time."),
    "amount_differs": gettext_lazy("The amount that came was not the amount ordered."),
    "state_refuses": gettext_lazy("By then the line could not be renewed any more."),
    "review_refused": gettext_lazy("We looked at the payment and could not accept it."),
    "review_lapsed": gettext_lazy("None of us looked at the payment in the promised time."),
    "payment_disputed": gettext_lazy("Your bank asked for the payment back."),
    "network": gettext_lazy("The network refused the change."),
    "smdp": gettext_lazy("The eSIM could not be ordered."),
    "port": gettext_lazy("Your old operator did not let the number go."),
    "port_code_refused": gettext_lazy("Your old operator did not accept the code."),
    "port_number_unknown": gettext_lazy("No other operator has this number."),
    "number_stranded": gettext_lazy(
        "Your number came, but its line could not be set up. It goes back to your old operator."
    ),
    "order_over": gettext_lazy("Its order had ended before it came."),
    "port_silent": gettext_lazy("Your old operator did not answer in the promised time."),
}
ESIM_STAGES: Words = {
    "preparing": gettext_lazy("Being prepared"),
    "ready": gettext_lazy("Ready to install"),
    "downloading": gettext_lazy("Being installed"),
    "installed": gettext_lazy("Installed"),
    "enabled": gettext_lazy("In use"),
    "disabled": gettext_lazy("Switched off"),
    "deleted": gettext_lazy("Deleted from the phone"),
    "failed": gettext_lazy("Cannot be installed"),
    "ended": gettext_lazy("Ended"),
}
CAUSES: Words = {
    "renewed": gettext_lazy("renewed"),
    "expired": gettext_lazy("the paid time ran out"),
    "grace_over": gettext_lazy("grace ran out"),
    "suspension_over": gettext_lazy("the number's holding time ran out"),
    "closed": gettext_lazy("closed by its holder"),
    "paid": gettext_lazy("paid"),
    "delivered": gettext_lazy("number and SIM are its own"),
    "bought": gettext_lazy("bought"),
    "reclaimed": gettext_lazy("its number was had back"),
    "imported": gettext_lazy("taken over from the earlier system"),
    "disputed": gettext_lazy("its payment is disputed"),
    "lost": gettext_lazy("lost or stolen"),
    "found": gettext_lazy("found again, or on another SIM"),
    "dispute_closed": gettext_lazy("the dispute was decided"),
    "code": gettext_lazy("another operator came with the code"),
    "stays": gettext_lazy("its number stays"),
    "ported": gettext_lazy("its number went to another operator"),
}
GRACE_SERVICES: Words = {
    "full": gettext_lazy("Everything still works."),
    "inbound": gettext_lazy("It still receives; nothing goes out."),
    "none": gettext_lazy("Nothing works until it is renewed."),
}
MOVEMENTS: Words = {
    1: gettext_lazy("Paid in"),
    2: gettext_lazy("Opening balance"),
    3: gettext_lazy("Renewal"),
    4: gettext_lazy("Tax"),
    5: gettext_lazy("Refund into the wallet"),
    6: gettext_lazy("Correction"),
    7: gettext_lazy("Bonus"),
    8: gettext_lazy("Refund to the payment provider"),
    9: gettext_lazy("Fee"),
    11: gettext_lazy("Paid in another currency"),
}
REFUND_STATES: Words = {
    "requested": gettext_lazy("Waits for a second person"),
    "sending": gettext_lazy("On its way back"),
    "refunded": gettext_lazy("Given back"),
    "to_wallet": gettext_lazy("In the wallet"),
    "rejected": gettext_lazy("Rejected"),
}
REFUND_BADGES = {
    "requested": "badge-warn",
    "sending": "badge-accent",
    "refunded": "badge-ok",
    "to_wallet": "badge-ok",
}
DISPUTE_STATES: Words = {
    "open": gettext_lazy("Open"),
    "won": gettext_lazy("Won"),
    "lost": pgettext_lazy("dispute", "Lost"),
}
DISPUTE_BADGES = {"open": "badge-warn", "won": "badge-ok", "lost": "badge-bad"}
REFUND_SCOPES: Words = {
    "whole": gettext_lazy("All that was left"),
    "pro_rata": gettext_lazy("For the days that were left"),
    "part": gettext_lazy("An amount, the service stays"),
    "": gettext_lazy("Ended without service"),
}
ACCOUNTS: Words = {
    "wallet": gettext_lazy("Wallet"),
    "clearing": gettext_lazy("Payment provider"),
    "deferred_revenue": gettext_lazy("Sold, not earned yet"),
    "revenue": gettext_lazy("Revenue"),
    "tax_payable": gettext_lazy("Tax owed"),
    "refunds_in_transit": gettext_lazy("Refunds under way"),
    "exchange": gettext_lazy("Exchange"),
    "disputed": gettext_lazy("Disputed"),
    "dispute_losses": gettext_lazy("Lost in disputes"),
}
PHASES: Words = {
    "single": "",
    "hold": gettext_lazy("set aside"),
    "post": gettext_lazy("taken from what was set aside"),
    "void": gettext_lazy("free again"),
}
METHODS: Words = {
    "sandbox": gettext_lazy("Card or other way, at the checkout"),
    "card": gettext_lazy("Card"),
    "apple_pay": gettext_lazy("Apple Pay"),
    "google_pay": gettext_lazy("Google Pay"),
    "wechat_pay": gettext_lazy("WeChat Pay"),
    "paypal": gettext_lazy("PayPal"),
    "alipay": gettext_lazy("Alipay"),
}
DIFFERENCES: Words = {
    "not_booked": gettext_lazy("Captured there, and it could not be booked here"),
    "unknown_here": gettext_lazy("Captured there, for a payment that is none of ours"),
    "not_captured_there": gettext_lazy("Booked here, and they do not have the money"),
    "amount_differs": gettext_lazy("Both have it, in another amount or currency"),
    "refund_not_booked": gettext_lazy("They gave back more than we know of"),
    "refund_missing": gettext_lazy("Given back by our books, not by theirs"),
    "dispute_differs": gettext_lazy("Disputed otherwise than we know of"),
}


@register.filter
def books_differ(code: str) -> str:
    return word(DIFFERENCES, code)


@register.filter
def refund_state(code: str) -> str:
    return word(REFUND_STATES, code)


@register.filter
def refund_badge(code: str) -> str:
    return REFUND_BADGES.get(str(code), "")


@register.filter
def dispute_state(code: str) -> str:
    return word(DISPUTE_STATES, code)


@register.filter
def dispute_badge(code: str) -> str:
    return DISPUTE_BADGES.get(str(code), "")


@register.filter
def refund_scope(code: str) -> str:
    return word(REFUND_SCOPES, code)


@register.filter
def ledger_account(code: str) -> str:
    return word(ACCOUNTS, code)


@register.filter
def phase(code: str) -> str:
    return word(PHASES, code)


@register.filter
def line_name(line: Any) -> str:
    """How its holder calls it: by label, number or card."""
    return formats.line_name(line.label, line.e164, line.iccid)


@register.filter
def line_state(code: str) -> str:
    return word(LINE_STATES, code)


@register.filter
def role_name(code: str) -> str:
    return word(ROLES, code)


@register.filter
def esim_stage(code: str) -> str:
    return word(ESIM_STAGES, code)


@register.filter
def state_badge(code: str) -> str:
    return STATE_BADGES.get(str(code), "")


@register.filter
def bucket_name(code: str) -> str:
    return word(BUCKETS, code)


@register.filter
def order_state(order: Order) -> str:
    """Where an order stands, in lists."""
    called_off = order.failure_code == CALLED_OFF
    return word(ENDS_OF_CALLED_OFF if called_off else ORDER_STATES, order.state)


@register.filter
def order_end(order: Order, stage: str) -> str:
    """How an order ended that gave no service, at its head."""
    return word(ENDS_OF_CALLED_OFF if order.failure_code == CALLED_OFF else ENDS, stage)


@register.filter
def failure(code: str) -> str:
    """Codes of networks (network_no_such_card) and SM-DP+s are for support, not for the holder."""
    first = code.split("_", 1)[0]
    known = first if first in ("network", "smdp", "port") and code not in FAILURES else code
    return word(FAILURES, known) if known in FAILURES else _("It could not be carried out.")


@register.filter
def cause(code: str) -> str:
    return word(CAUSES, code)


@register.filter
def grace_service(code: str) -> str:
    return word(GRACE_SERVICES, code)


@register.filter
def lead(days: int) -> str:
    """How early a line renews by itself: 3 days ahead."""
    if days == 0:
        return _("on the day it runs out")
    return ngettext("%(n)d day ahead", "%(n)d days ahead", days) % {"n": days}


@register.filter
def listed(values: Iterable[object]) -> str:
    """3, 2 and 1, as the language lists things."""
    return format_list([str(value) for value in values], locale=locale())


@register.filter
def tries(auto: Any) -> str:
    """When auto-renew tries: 3 and 1 days before it runs out, on that day, 1 and 3 days after."""
    ahead = [days for days in auto.tries_ahead if days]
    after = auto.tries_in_grace
    said = []
    if ahead:
        text = ngettext(
            "%(days)s day before it runs out", "%(days)s days before it runs out", len(ahead)
        )
        said.append(text % {"days": listed(ahead)})
    if 0 in auto.tries_ahead:
        said.append(_("on the day on which it runs out"))
    if after:
        text = ngettext("%(days)s day after", "%(days)s days after", len(after))
        said.append(text % {"days": listed(after)})
    return pgettext("between tries", ", ").join(said)


@register.filter
def movement(code: int) -> str:
    return str(MOVEMENTS.get(code, code))


@register.filter
def methods(codes: Iterable[str]) -> str:
    """Card, Apple Pay or Google Pay."""
    words = [word(METHODS, code) for code in codes]
    return str(format_list(words, style="or", locale=locale()))


@register.filter
def countries(codes: list[str]) -> str:
    """["SE", "NO"] -> Norway, Sweden."""
    return pgettext("between countries", ", ").join(sorted(country(code) for code in codes))


@register.filter
def currency_name(code: str) -> str:
    """CNY -> Chinese Yuan."""
    return str(locale().currencies.get(code, code))


@register.filter
def of(mapping: Mapping[Any, Any], key: object) -> Any:
    """What `mapping` says of `key`; nothing where it says nothing."""
    return mapping.get(key)
