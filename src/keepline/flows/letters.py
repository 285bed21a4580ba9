"""What letters say: truthful at the moment of sending, in the reader's language and zone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop

from keepline.accounts.queries import Recipient
from keepline.catalog.queries import policy_values
from keepline.catalog.taxes import tariff_for
from keepline.core.agenda import AgendaRules
from keepline.core.lifeline import lifeline_of
from keepline.flows.auto_renewal import auto_renewal
from keepline.gateways import switchboard
from keepline.ledger import queries as ledger
from keepline.lines import queries as lines
from keepline.lines.queries import LineRow
from keepline.messages.models import Outbox
from keepline.orders import queries as orders
from keepline.payments import disputes, methods, refunds
from keepline.payments.models import Dispute, Refund

SUBJECTS = {
    "line.renewed": gettext_noop("Your line is renewed"),
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


# Such news name an order that has ended: what counts is its line.
ABOUT_LINES = frozenset({"number.reclaimed", "line.charge_failed", "line.approval_needed"})


@dataclass(frozen=True, slots=True)
class ChargeNews:
    """What a saved method will be charged at most, for the next renewal. Minor units.

    `at`: when it is tried next, None when it is not. `usable`: it can still be charged;
    `ends_first`: it expires before that.
    """

    name: str
    most_minor: int | None
    currency: str
    at: datetime | None
    usable: bool
    ends_first: bool


@dataclass(frozen=True, slots=True)
class LineNews:
    """What letters say of a line. Instants UTC; `withdrawn_at`: when the number goes.

    `charge`: None when no saved method pays for it.
    """

    label: str
    e164: int | None
    iccid: str | None
    valid_until: datetime | None
    withdrawn_at: datetime | None
    auto_renew: bool
    charge: ChargeNews | None


def letter_of(event: Outbox, recipient: Recipient, now: datetime) -> Letter:
    """Writes the letter of one event to one reader."""
    with translation.override(recipient.language), timezone.override(recipient.time_zone):
        context: dict[str, Any] = {
            "kind": event.kind,
            "subject": gettext(SUBJECTS[event.kind]),
            "recipient": recipient,
            "order": orders.by_id(event.order_id) if event.order_id else None,
            "refund": _refund_of(event),
            "dispute": _dispute_of(event),
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


def _refund_of(event: Outbox) -> Refund | None:
    """The refund that the letter tells of; else the one that goes back by itself, if there is."""
    if event.order_id is None or not event.kind.startswith("order."):
        return None
    return refunds.by_id(event.refund_id or refunds.own_refund_id(event.order_id))


def _dispute_of(event: Outbox) -> Dispute | None:
    """The dispute of the order that came last."""
    if event.order_id is None or not event.kind.startswith("order.dispute"):
        return None
    found = disputes.of_order(event.order_id)
    return found[-1] if found else None


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
        charge=_charge_of(row, rules.agenda, now),
    )


def _charge_of(row: LineRow, rules: AgendaRules, now: datetime) -> ChargeNews | None:
    """Two queries, for the lines that a saved method pays. As the line's page tells it."""
    if not row.auto_renew or row.method_id is None:
        return None
    method = methods.methods_among([row.method_id]).get(row.method_id)
    if method is None:
        return None
    balances = ledger.balances_of(row.account_id)
    wallet = next(one for one in balances if one.wallet_id == row.wallet_id)
    tariff = tariff_for(row.account_id, row.plan_id, wallet.currency, now)
    auto = auto_renewal(row, wallet, tariff, rules, method, now)
    return ChargeNews(
        name=method.label,
        most_minor=auto.price.total_minor if auto.price else None,
        currency=wallet.currency,
        at=auto.next_try_at,
        usable=method.usable,
        ends_first=auto.method_ends_first,
    )


def _is_about_its_line(event: Outbox) -> bool:
    """Of some news the order is over, and what can be done is done for the line."""
    return event.order_id is None or event.kind in ABOUT_LINES


def _page_of(event: Outbox) -> str:
    if not _is_about_its_line(event):
        return f"{switchboard.public_url()}/orders/{event.order_id}/"
    page = f"{switchboard.public_url()}/lines/{event.line_id}/"
    return f"{page}renew/" if event.kind == "line.approval_needed" else page
