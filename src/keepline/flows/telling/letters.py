"""What letters say: truthful at the moment of sending, in the reader's language and zone."""

from dataclasses import dataclass
from html import escape

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from keepline.core.telling import ESSENTIAL, TOPIC_OF
from keepline.flows.telling.facts import facts_of
from keepline.flows.telling.news import is_about_line, is_about_port
from keepline.flows.telling.passes import unsubscribe_pass
from keepline.flows.telling.stencils import Both, Facts, written
from keepline.flows.telling.way import Addressee, Letter, Told
from keepline.gateways import switchboard
from keepline.messages.models import Outbox
from keepline.messages.preferences import is_contact
from keepline.orders.models import Order

SUBJECTS = {
    "line.renewed": gettext_noop("Your line is renewed"),
    "line.bought": gettext_noop("Your new line is ready"),
    "wallet.topped_up": gettext_noop("Money is in your wallet"),
    "order.in_review": gettext_noop("Your payment is here, and a person looks at it"),
    "order.cancelled": gettext_noop("Your order was not paid and is closed"),
    "order.called_off": gettext_noop("Your order is cancelled; your money is coming back"),
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
    "number.loss_near": gettext_noop("The last days to have your number back"),
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
    "number.returned": gettext_noop("Your number is with your old operator again"),
    "number.ported": gettext_noop("Your number went to another operator"),
    "sim.swap_asked": gettext_noop("Another SIM was asked for your line"),
    "sim.swapped": gettext_noop("Your line is on another SIM"),
    "carrier.switch_asked": gettext_noop("Another carrier was asked for your line"),
    "carrier.switched": gettext_noop("Your line is on another carrier"),
    "identity.verified": gettext_noop("Your identity check is done"),
    "identity.refused": gettext_noop("Your identity check did not go through"),
    "account.claimed": gettext_noop("An account that we kept for you is yours now"),
    "endpoint.switched_off": gettext_noop("One of your webhook endpoints was switched off"),
}
# Of a line that has no number to lose.
SUBJECTS_WITHOUT_NUMBER = {
    "line.expired": gettext_noop("Your line has run out; it can be brought back"),
    "line.suspended": gettext_noop("Your line is suspended; it can be brought back"),
    "line.withdrawal_near": gettext_noop("Your line will be closed soon"),
    "line.withdrawn": gettext_noop("Your line was closed"),
}
# Delivered, these are the notice without which no number is withdrawn.
WARNINGS = frozenset({"line.expired", "line.suspended", "line.withdrawal_near"})
# Of many lines at once (core/telling.py: GATHERED).
SUBJECTS_OF_MANY = {
    "line.renewed": gettext_noop("%(n)s of your lines are renewed"),
    "line.expiry_near": gettext_noop("%(n)s of your lines run out soon"),
    "line.renewal_failed": gettext_noop("%(n)s of your lines could not be renewed by themselves"),
    "line.consent_needed": gettext_noop("%(n)s of your lines need your word to be renewed"),
    "line.expired": gettext_noop("%(n)s of your lines have run out; the numbers are still yours"),
    "line.suspended": gettext_noop("%(n)s of your lines are suspended"),
    "line.withdrawal_near": gettext_noop("%(n)s of your numbers will be withdrawn soon"),
    "line.withdrawn": gettext_noop("%(n)s of your numbers were withdrawn"),
    "number.loss_near": gettext_noop("The last days to have %(n)s of your numbers back"),
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


def words_of(letter: Letter) -> Words:
    """In the addressee's language and zone. No query."""
    with translation.override(letter.addressee.language):
        return _of_many(letter) if len(letter.told) > 1 else _of_one(letter)


def subject_of(told: Told) -> str:
    """What the letter of one event is about, in the language that is spoken now."""
    kind, line = told.event.kind, told.news.line
    numberless = line is not None and line.e164 is None
    return gettext((numberless and SUBJECTS_WITHOUT_NUMBER.get(kind)) or SUBJECTS[kind])


def _of_one(letter: Letter) -> Words:
    event, news = letter.told[0]
    facts = facts_of(letter.told[0], letter.addressee)
    frame = {
        "subject": subject_of(letter.told[0]),
        "page": _own_page(path_of(event), letter.addressee),
        "esim_page": _esim_page_of(event, news.order),
    }
    return _words(letter, "letter", Facts(facts.decides, {**facts.says, **frame}))


def _of_many(letter: Letter) -> Words:
    items = [_item(told, letter.addressee) for told in letter.told[:LISTED_AT_MOST]]
    frame: dict[str, str | Both] = {
        "subject": gettext(SUBJECTS_OF_MANY[letter.kind]) % {"n": len(letter.told)},
        "page": _own_page("/", letter.addressee),
        "items": Both("".join(each.text for each in items), "".join(each.html for each in items)),
    }
    more = max(len(letter.told) - LISTED_AT_MOST, 0)
    return _words(letter, "many", Facts({"more": more}, frame))


def _item(told: Told, addressee: Addressee) -> Both:
    facts = facts_of(told, addressee)
    page = "" if is_contact(addressee.recipient) else _page_of(told.event)
    says = {**facts.says, "page": page}
    return written("item", addressee.language, Facts(facts.decides, says))


def _words(letter: Letter, name: str, facts: Facts) -> Words:
    """With what stands under every letter: where to choose, and where to end such letters."""
    url, addressee, topic = switchboard.public_url(), letter.addressee, TOPIC_OF[letter.kind]
    pass_ = "" if topic in ESSENTIAL else unsubscribe_pass(addressee.recipient, topic)
    unclaimed = is_contact(addressee.recipient)
    unsubscribe = f"{url}/unsubscribe/{pass_}/" if pass_ else ""
    endings = {
        "choices": "" if unclaimed else f"{url}/account/notices/",
        "unsubscribe": unsubscribe,
        "help": _help(settings.ENV.help_url),
    }
    decides = {**facts.decides, "unclaimed": unclaimed}
    said = written(name, addressee.language, Facts(decides, {**facts.says, **endings}))
    return Words(
        subject=str(facts.says["subject"]),
        text=said.text,
        html=said.html,
        unsubscribe=unsubscribe or None,
    )


def _help(url: str) -> str | Both:
    """Where the operator is asked for help; as plain text an address of mail is only that."""
    return Both(url.removeprefix("mailto:"), escape(url)) if url else ""


def _page_of(event: Outbox) -> str:
    return switchboard.public_url() + path_of(event)


def _own_page(path: str, addressee: Addressee) -> str:
    """Where an account is taken over, for a reader who has not yet."""
    path = "/account/accounts/" if is_contact(addressee.recipient) else path
    return switchboard.public_url() + path


def path_of(event: Outbox) -> str:
    """Where in the portal one sees what the event is about."""
    if event.kind.startswith("endpoint."):
        return "/account/webhooks/"
    if event.kind.startswith("identity."):
        return "/account/identity/"
    if event.kind.startswith("account."):
        return "/"
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
