"""What letters say: truthful at the moment of sending, in the reader's language and zone."""

from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop

from keepline.accounts.queries import Recipient
from keepline.gateways import switchboard
from keepline.messages.models import Outbox
from keepline.orders import queries as orders

SUBJECTS = {
    "line.renewed": gettext_noop("Your line is renewed"),
    "wallet.topped_up": gettext_noop("Money is in your wallet"),
    "order.cancelled": gettext_noop("Your order was not paid and is closed"),
    "order.failed": gettext_noop("Your line could not be renewed; your money is coming back"),
    "order.withdrawn": gettext_noop("We missed our promise; your money is coming back"),
    "order.refunded": gettext_noop("Your money is on its way back to you"),
    "order.refunded_to_wallet": gettext_noop("Your money is back in your wallet"),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail, ready to go."""

    to: str
    subject: str
    text: str
    html: str
    language: str


def letter_of(event: Outbox, recipient: Recipient) -> Letter:
    """Writes the letter of one event to one reader."""
    with translation.override(recipient.language), timezone.override(recipient.time_zone):
        context: dict[str, Any] = {
            "kind": event.kind,
            "subject": gettext(SUBJECTS[event.kind]),
            "recipient": recipient,
            "order": orders.by_id(event.order_id) if event.order_id else None,
            "page": f"{switchboard.public_url()}/orders/{event.order_id}/",
        }
        return Letter(
            to=recipient.email,
            subject=context["subject"],
            text=render_to_string("letters/letter.txt", context),
            html=render_to_string("letters/letter.html", context),
            language=recipient.language,
        )
