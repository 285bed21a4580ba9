"""What letters say: truthful at the moment of sending, in the reader's language and zone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop

from keepline.accounts.queries import Recipient
from keepline.catalog.queries import policy_values
from keepline.core.lifeline import lifeline_of
from keepline.gateways import switchboard
from keepline.lines import queries as lines
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
    "line.expiry_near": gettext_noop("Your line runs out soon"),
    "line.renewal_failed": gettext_noop("Your line could not be renewed by itself"),
    "line.consent_needed": gettext_noop("Your line needs your word to be renewed"),
    "line.expired": gettext_noop("Your line has run out; your number is still yours"),
    "line.suspended": gettext_noop("Your line is suspended; your number is still yours"),
    "line.withdrawal_near": gettext_noop("Your number will be withdrawn soon"),
    "line.withdrawn": gettext_noop("Your number was withdrawn; you can still have it back"),
    "number.reclaimed": gettext_noop("Your number is yours again"),
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


@dataclass(frozen=True, slots=True)
class LineNews:
    """What letters say of a line. Instants UTC; `withdrawn_at`: when the number goes."""

    label: str
    e164: int | None
    iccid: str | None
    valid_until: datetime | None
    withdrawn_at: datetime | None
    auto_renew: bool


def letter_of(event: Outbox, recipient: Recipient, now: datetime) -> Letter:
    """Writes the letter of one event to one reader."""
    with translation.override(recipient.language), timezone.override(recipient.time_zone):
        context: dict[str, Any] = {
            "kind": event.kind,
            "subject": gettext(SUBJECTS[event.kind]),
            "recipient": recipient,
            "order": orders.by_id(event.order_id) if event.order_id else None,
            "line": _line_of(event, now),
            "page": _page_of(event),
        }
        return Letter(
            to=recipient.email,
            subject=context["subject"],
            text=render_to_string("letters/letter.txt", context),
            html=render_to_string("letters/letter.html", context),
            language=recipient.language,
        )


def _line_of(event: Outbox, now: datetime) -> LineNews | None:
    """The line of news about a line; an order's letter speaks of the order, mostly."""
    if event.line_id is None or not _is_about_its_line(event):
        return None
    row = lines.line_of(event.line_id, event.account_id)
    assert row is not None, "lines are never deleted"
    rules = policy_values(row.policy_id)
    lifeline = lifeline_of(
        row.state,
        row.activated_at or row.opened_at,
        row.valid_until,
        rules.grace_days,
        rules.suspended_days,
        rules.quarantine_days,
        now,
        since_at=row.since_at,
    )
    return LineNews(
        label=row.label,
        e164=row.e164,
        iccid=row.iccid,
        valid_until=row.valid_until,
        withdrawn_at=lifeline.withdrawn_at if lifeline else None,
        auto_renew=row.auto_renew,
    )


def _is_about_its_line(event: Outbox) -> bool:
    """A number that came back must be renewed: the order is over, the line is what counts."""
    return event.order_id is None or event.kind == "number.reclaimed"


def _page_of(event: Outbox) -> str:
    if not _is_about_its_line(event):
        return f"{switchboard.public_url()}/orders/{event.order_id}/"
    return f"{switchboard.public_url()}/lines/{event.line_id}/"
