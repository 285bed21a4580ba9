"""`line.opened`: a line that already lives comes to an account, with its number and its card.

    T  open_line.open    number locked and assigned first, then the line and its opening order

This is how one line is taken over; import_base writes the same rows in sets.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.audit import services as audit
from keepline.catalog.queries import offer_on_sale, policy_values
from keepline.core.ids import derived_id
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderEvent
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.inventory import services as inventory
from keepline.inventory import sims
from keepline.ledger import services as ledger
from keepline.lines import queries as line_queries
from keepline.lines.opening import LineFacts, open_line
from keepline.orders import services as orders
from keepline.orders.models import OrderKind

ACTION = "line.opened"


@dataclass(frozen=True, slots=True)
class LineToOpen:
    """A living line. At least one of `e164` and `iccid` names it."""

    account_id: UUID
    plan_code: str
    label: str
    e164: int | None
    iccid: str | None
    carrier_id: int | None
    state: LineState
    started_at: datetime
    valid_until: datetime
    auto_renew: bool
    actor: str


def open_existing_line(wanted: LineToOpen, now: datetime) -> UUID:
    """Opens it once: the same number or card in the same account is the same line.

    Raises FlowRefused; inventory's NumberTaken or CardTaken when it is another's.
    """
    account = accounts.account(wanted.account_id)
    line_id = derived_id(account.id, f"line:{wanted.e164 or wanted.iccid}")
    if line_queries.line_of(line_id, account.id) is not None:
        return line_id
    offer = offer_on_sale(wanted.plan_code, account.currency, now)
    if offer is None:
        raise FlowRefused("plan_not_for_line")
    order_id = derived_id(line_id, "opening")
    with transaction_step("open_line.open"):
        if wanted.e164 is not None:
            inventory.add_numbers([wanted.e164], now)
            inventory.assign(wanted.e164, account.id, line_id, wanted.started_at)
        if wanted.iccid is not None:
            sims.take_over_card(wanted.iccid, account.id, line_id, now)
        wallet_id, _ = ledger.lock_wallet_of(account.id, account.currency)
        open_line(
            LineFacts(
                id=line_id,
                account_id=account.id,
                wallet_id=wallet_id,
                order_id=order_id,
                kind=offer.line_kind,
                label=wanted.label,
                e164=wanted.e164,
                iccid=wanted.iccid,
                carrier_id=wanted.carrier_id or offer.carrier_id,
                time_zone=account.time_zone,
                plan_id=offer.plan_id,
                policy_id=offer.policy_id,
                state=wanted.state,
                started_at=wanted.started_at,
                valid_until=wanted.valid_until,
                since_at=_since_at(wanted, offer.policy_id),
                allowance=offer.allowance,
                auto_renew=wanted.auto_renew,
            ),
            now,
        )
        order = orders.new_order(
            order_id,
            account_id=account.id,
            line_id=line_id,
            wallet_id=wallet_id,
            kind=OrderKind.OPENING,
            plan_id=offer.plan_id,
            currency=account.currency,
            subtotal_minor=0,
            total_minor=0,
            valid_until_after=wanted.valid_until,
            actor=wanted.actor,
            channel="import",
            seller="house",
            accepted_at=now,
        )
        orders.transition(order, OrderEvent.COMPLETE, now)
        orders.insert_order(order)
        audit.record(ACTION, actor=wanted.actor, now=now, account_id=account.id, subject_id=line_id)
    return line_id


def _since_at(wanted: LineToOpen, policy_id: int) -> datetime | None:
    if wanted.state is LineState.GRACE:
        return wanted.valid_until
    if wanted.state is LineState.SUSPENDED:
        return wanted.valid_until + timedelta(days=policy_values(policy_id).grace_days)
    return None
