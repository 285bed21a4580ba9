"""What letters say: truthful at the moment of sending, in the reader's language and zone."""

from dataclasses import dataclass
from html import unescape
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.html import strip_tags
from django.utils.translation import gettext, gettext_noop

from keepline.accounts.queries import Recipient
from keepline.flows.telling.news import News, is_about_line
from keepline.gateways import switchboard
from keepline.messages.models import Outbox
from keepline.orders.models import Order

SUBJECTS = {
    "line.renewed": gettext_noop("Your line is renewed"),
    "line.bought": gettext_noop("Your new line is ready"),
    "wallet.topped_up": gettext_noop("Money is in your wallet"),
    "order.in_review": gettext_noop("Your payment is here, and a person looks at it"),
    "order.cancelled": gettext_noop("Your order was not paid and is closed"),
    "order.failed": gettext_noop("Your order could not be carried out; your money is coming back"),
    "order.withdrawn": gettext_noop("We missed our promise; your money is coming back"),
    "order.refunded": gettext_noop("Your money is on its way back to you"),
    "order.refunded_to_wallet": gettext_noop("Your money is back in your wallet"),
    "order.disputed": gettext_noop("Your bank is taking a payment back"),
    "order.dispute_won": gettext_noop("Your bank has left the payment with us"),
    "order.dispute_lost": gettext_noop("Your bank has taken a payment back"),
    "line.expiry_near": gettext_noop("Your line runs out soon"),
    "line.renewal_failed": gettext_noop("Your line could not be renewed by itself"),
    "line.charge_failed": gettext_noop("Your line could not be renewed by itself"),
    "line.approval_needed": gettext_noop("Your bank wants your approval to renew your line"),
    "line.consent_needed": gettext_noop("Your line needs your word to be renewed"),
    "line.expired": gettext_noop("Your line has run out; your number is still yours"),
    "line.suspended": gettext_noop("Your line is suspended; your number is still yours"),
    "line.withdrawal_near": gettext_noop("Your number will be withdrawn soon"),
    "line.closed": gettext_noop("Your line is closed"),
    "line.withdrawn": gettext_noop("Your number was withdrawn; you can still have it back"),
    "number.reclaimed": gettext_noop("Your number is yours again"),
    "line.blocked": gettext_noop("Your line is blocked"),
    "line.unblocked": gettext_noop("Your line is unblocked"),
    "line.locked": gettext_noop("Number and SIM of your line are locked"),
    "line.unlocking": gettext_noop("The lock of your line opens in a day"),
    "number.change_asked": gettext_noop("Another number was asked for your line"),
    "number.changed": gettext_noop("Your line has another number"),
    "sim.swap_asked": gettext_noop("Another SIM was asked for your line"),
    "sim.swapped": gettext_noop("Your line is on another SIM"),
}
# Delivered, these are the notice without which no number is withdrawn.
WARNINGS = frozenset({"line.expired", "line.suspended", "line.withdrawal_near"})


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail, ready to go."""

    to: str
    subject: str
    text: str
    html: str
    language: str


def letter_of(event: Outbox, news: News, recipient: Recipient) -> Letter:
    """Writes the letter of one event to one reader. No query."""
    with translation.override(recipient.language), timezone.override(recipient.time_zone):
        context: dict[str, Any] = {
            "kind": event.kind,
            "subject": gettext(SUBJECTS[event.kind]),
            "recipient": recipient,
            "order": news.order,
            "refund": news.refund,
            "dispute": news.dispute,
            "line": news.line,
            "page": _page_of(event),
            "esim_page": _esim_page_of(event, news.order),
        }
        words = render_to_string("letters/words.html", context)
        plain_words = unescape(strip_tags(words)).strip()
        return Letter(
            to=recipient.email,
            subject=context["subject"],
            text=render_to_string("letters/letter.txt", {**context, "words": plain_words}),
            html=render_to_string("letters/letter.html", {**context, "words": words}),
            language=recipient.language,
        )


def _page_of(event: Outbox) -> str:
    if not is_about_line(event):
        return f"{switchboard.public_url()}/orders/{event.order_id}/"
    page = f"{switchboard.public_url()}/lines/{event.line_id}/"
    return f"{page}renew/" if event.kind == "line.approval_needed" else page


def _esim_page_of(event: Outbox, order: Order | None) -> str:
    """Where a new line's eSIM is installed from; "" for all other letters."""
    if order is None or event.kind != "line.bought" or "profile" not in (order.stock or {}):
        return ""
    return f"{switchboard.public_url()}/lines/{order.served_line}/esim/"
