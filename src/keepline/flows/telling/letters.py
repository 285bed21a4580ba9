"""What letters say: truthful at the moment of sending, in the reader's language and zone."""

from dataclasses import dataclass
from html import unescape
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.html import strip_tags
from django.utils.translation import gettext, gettext_noop

from keepline.core.telling import ESSENTIAL, TOPIC_OF
from keepline.flows.bring_number import cut_over_of
from keepline.flows.telling.news import is_about_line, is_about_port
from keepline.flows.telling.passes import unsubscribe_pass
from keepline.flows.telling.way import Addressee, Letter, Told
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
    "line.unlocking": gettext_noop("The lock of your line is opening"),
    "number.change_asked": gettext_noop("Another number was asked for your line"),
    "number.changed": gettext_noop("Your line has another number"),
    "port.asked": gettext_noop("A code to take your number away was asked for"),
    "port.revoked": gettext_noop("The code to take your number away is worth nothing any more"),
    "port.leaving": gettext_noop("Your number is about to go to another operator"),
    "port.stayed": gettext_noop("Your number stays with us"),
    "number.expected": gettext_noop("Your number has a date"),
    "number.ported": gettext_noop("Your number went to another operator"),
    "sim.swap_asked": gettext_noop("Another SIM was asked for your line"),
    "sim.swapped": gettext_noop("Your line is on another SIM"),
    "carrier.switch_asked": gettext_noop("Another carrier was asked for your line"),
    "carrier.switched": gettext_noop("Your line is on another carrier"),
    "identity.verified": gettext_noop("Your identity check is done"),
    "identity.refused": gettext_noop("Your identity check did not go through"),
    "endpoint.switched_off": gettext_noop("One of your webhook endpoints was switched off"),
}
# Delivered, these are the notice without which no number is withdrawn.
WARNINGS = frozenset({"line.expired", "line.suspended", "line.withdrawal_near"})
LAST_OF_A_NUMBER = frozenset({"number.ported", "line.closed", "line.withdrawn"})


# Of many lines at once (core/telling.py: GATHERED).
SUBJECTS_OF_MANY = {
    "line.expiry_near": gettext_noop("%(n)s of your lines run out soon"),
    "line.renewal_failed": gettext_noop("%(n)s of your lines could not be renewed by themselves"),
    "line.consent_needed": gettext_noop("%(n)s of your lines need your word to be renewed"),
    "line.expired": gettext_noop("%(n)s of your lines have run out; the numbers are still yours"),
    "line.suspended": gettext_noop("%(n)s of your lines are suspended"),
    "line.withdrawal_near": gettext_noop("%(n)s of your numbers will be withdrawn soon"),
    "line.withdrawn": gettext_noop("%(n)s of your numbers were withdrawn"),
}
LISTED_AT_MOST = 200  # a letter of a thousand lines is read by nobody, and refused by some servers


@dataclass(frozen=True, slots=True)
class Words:
    """What a letter says, plain and as HTML. `unsubscribe`: where such letters are ended; none for
    what is essential."""

    subject: str
    text: str
    html: str
    unsubscribe: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """What a letter of many says of one line."""

    words: str
    plain_words: str
    page: str


def words_of(letter: Letter) -> Words:
    """In the addressee's language and zone. No query."""
    addressee = letter.addressee
    with translation.override(addressee.language), timezone.override(addressee.time_zone):
        return _of_many(letter) if len(letter.told) > 1 else _of_one(letter)


def _of_one(letter: Letter) -> Words:
    event, news = letter.told[0]
    context: dict[str, Any] = {
        **_facts(letter.told[0], letter.addressee),
        **_endings(letter),
        "subject": gettext(SUBJECTS[event.kind]),
        "page": _page_of(event),
        "esim_page": _esim_page_of(event, news.order),
    }
    words = render_to_string("letters/words.html", context)
    return Words(
        subject=context["subject"],
        text=render_to_string("letters/letter.txt", {**context, "words": _plain(words)}),
        html=render_to_string("letters/letter.html", {**context, "words": words}),
        unsubscribe=context["unsubscribe"],
    )


def _of_many(letter: Letter) -> Words:
    context: dict[str, Any] = {
        **_endings(letter),
        "subject": gettext(SUBJECTS_OF_MANY[letter.kind]) % {"n": len(letter.told)},
        "recipient": letter.addressee,
        "items": [_item(told, letter.addressee) for told in letter.told[:LISTED_AT_MOST]],
        "more": max(len(letter.told) - LISTED_AT_MOST, 0),
        "page": f"{switchboard.public_url()}/",
    }
    return Words(
        subject=context["subject"],
        text=render_to_string("letters/many.txt", context),
        html=render_to_string("letters/many.html", context),
        unsubscribe=context["unsubscribe"],
    )


def _endings(letter: Letter) -> dict[str, str | None]:
    """What stands under every letter: where to choose, and where to end such letters."""
    url, topic = switchboard.public_url(), TOPIC_OF[letter.kind]
    pass_ = "" if topic in ESSENTIAL else unsubscribe_pass(letter.addressee.recipient, topic)
    return {
        "choices": f"{url}/account/notices/",
        "unsubscribe": f"{url}/unsubscribe/{pass_}/" if pass_ else None,
    }


def _item(told: Told, addressee: Addressee) -> Item:
    words = render_to_string("letters/words.html", _facts(told, addressee))
    return Item(words, _plain(words), _page_of(told.event))


def _facts(told: Told, addressee: Addressee) -> dict[str, Any]:
    event, news = told
    return {
        "kind": event.kind,
        "order": news.order,
        "refund": news.refund,
        "dispute": news.dispute,
        "line": news.line,
        "recipient": addressee,
        "lost_sign_in": _lost_sign_in(told, addressee),
        "port": news.port,
        "comes_at": cut_over_of(news.order) if news.order else None,
    }


def _plain(words: str) -> str:
    return unescape(strip_tags(words)).strip()


def _lost_sign_in(told: Told, addressee: Addressee) -> bool:
    """Whether the number that has just gone was what its reader signed in with."""
    (event, news), gone = told, None
    if event.kind in LAST_OF_A_NUMBER and news.line is not None:
        gone = news.line.e164
    elif event.kind == "number.changed" and news.order is not None:
        gone = (news.order.proof or {}).get("number_before")
    return gone is not None and addressee.former_phone == f"+{gone}"


def _page_of(event: Outbox) -> str:
    return switchboard.public_url() + path_of(event)


def path_of(event: Outbox) -> str:
    """Where in the portal one sees what the event is about."""
    if event.kind.startswith("endpoint."):
        return "/account/webhooks/"
    if event.kind.startswith("identity."):
        return "/account/identity/"
    if not is_about_line(event):
        return f"/orders/{event.order_id}/"
    page = f"/lines/{event.line_id}/"
    if is_about_port(event) and event.kind != "number.ported":
        return f"{page}port/"
    return f"{page}renew/" if event.kind == "line.approval_needed" else page


def _esim_page_of(event: Outbox, order: Order | None) -> str:
    """Where an eSIM that was ordered is installed from; "" for all other letters."""
    tells = event.kind in ("line.bought", "carrier.switched")
    if order is None or not tells or "profile" not in (order.stock or {}):
        return ""
    return f"{switchboard.public_url()}/lines/{order.served_line}/esim/"
