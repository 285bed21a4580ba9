"""What the start of a change of number and of a swap of the SIM share.

Used inside the first transaction of change_number and swap_sim, in the order of the locks: key,
the new piece of stock, line, wallet, order. The fee comes from the wallet alone.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.catalog.queries import policy_values
from keepline.core.ids import slot_of
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.flows.delivering.kinds import delivery_of
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import demand_settled_contacts
from keepline.flows.paying import StartedOrder
from keepline.flows.sale import deliver_by_network, hold_wallet_part
from keepline.gateways import switchboard
from keepline.ledger import queries as ledger_queries
from keepline.ledger import services as ledger
from keepline.lines import changes
from keepline.lines import services as lines
from keepline.lines.services import LineNotFound, LockedLine
from keepline.messages import services as outbox
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order, OrderKind


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """`key`: made by the client, one per intent.

    `expected_fee_minor`: what the holder saw, in minor units of `expected_currency` (None: the
    line's wallet's); None to accept the fee of its policy.
    """

    account_id: UUID
    line_id: UUID
    key: str
    expected_fee_minor: int | None
    actor: str
    channel: str
    seller: str = "house"
    expected_currency: str | None = None

    def digest(self, *wanted: object) -> bytes:
        """SHA-256 of what the key stands for: the same key with another body is refused."""
        body = [str(self.line_id), self.expected_fee_minor, self.expected_currency, *wanted]
        return hashlib.sha256(json.dumps(body).encode()).digest()


@dataclass(frozen=True, slots=True)
class Fee:
    """What a change costs, in minor units; `short_minor` of it is not in the wallet."""

    amount_minor: int
    currency: str
    short_minor: int


def claim(request: ChangeRequest, flow: str, digest: bytes, now: datetime) -> orders.Claim:
    """First sight of the key, or the order that it made. Raises KeyReused."""
    slot = slot_of(request.account_id)
    return orders.claim_key(slot, request.actor, flow, request.key, digest, now)()


def line_as_seen(account_id: UUID, line_id: UUID) -> LockedLine:
    """The line without a lock. Raises FlowRefused."""
    try:
        return lines.read_line(line_id, account_id)
    except LineNotFound:
        raise FlowRefused("not_found") from None


def locked(seen: LockedLine) -> LockedLine:
    """The line under lock. Raises FlowRefused when it is called otherwise than it was seen."""
    line = lines.lock_line(seen.id, seen.account_id)
    if (line.e164, line.iccid) != (seen.e164, seen.iccid):
        raise FlowRefused("busy")
    return line


def countries_of(line: LockedLine) -> Collection[str]:
    """Where the line's plan is valid: which pools serve it."""
    return catalog.countries_of(catalog.plans_among({line.plan_id})[line.plan_id].region_id)


def demand_changeable(line: LockedLine, states: Collection[LineState], now: datetime) -> None:
    """Raises FlowRefused when the line may not be called otherwise now.

    The caller holds its lock, or only wants to say so beforehand.
    """
    if line.state not in states or line.dormant:
        raise FlowRefused("change_refused")
    if changes.transfer_lock_of(line.id, line.account_id).holds(now):
        raise FlowRefused("transfer_locked")
    demand_settled_contacts(line.account_id, now)
    if order_queries.is_line_busy(line.id, line.account_id):
        raise FlowRefused("order_under_way")
    if line.iccid is not None and not switchboard.has("network"):
        raise FlowRefused("no_network")


def fee_of(line: LockedLine, table: Mapping[str, int], free_minor: int | None = None) -> Fee:
    """The fee in the currency of the wallet; one that the table lacks costs nothing."""
    currency = ledger_queries.currency_of(line.wallet_id)
    if free_minor is None:
        free_minor = ledger_queries.free_minor(line.wallet_id)
    amount = table.get(currency, 0)
    return Fee(amount, currency, max(0, amount - free_minor))


def charge(request: ChangeRequest, line: LockedLine, table: Mapping[str, int]) -> Fee:
    """The fee, with the wallet under lock. Raises FlowRefused."""
    fee = fee_of(line, table, ledger.lock_wallet(line.wallet_id))
    seen = request.expected_fee_minor, request.expected_currency
    if seen[0] not in (None, fee.amount_minor) or seen[1] not in (None, fee.currency):
        raise FlowRefused("price_changed", total_minor=fee.amount_minor)
    if fee.short_minor:
        raise FlowRefused("wallet_short")
    return fee


def draft(
    request: ChangeRequest,
    order_id: UUID,
    kind: OrderKind,
    line: LockedLine,
    fee: Fee,
    held: dict[str, Any],
    now: datetime,
) -> Order:
    """The order, not written yet; its proof says what the line was called before."""
    return orders.new_order(
        order_id,
        account_id=request.account_id,
        line_id=line.id,
        wallet_id=line.wallet_id,
        kind=kind,
        delivery="network" if switchboard.has("network") else "ledger",
        currency=fee.currency,
        subtotal_minor=fee.amount_minor,
        total_minor=fee.amount_minor,
        wallet_minor=fee.amount_minor,
        stock=held,
        proof={"number_before": line.e164, "iccid_before": line.iccid},
        actor=request.actor,
        channel=request.channel,
        seller=request.seller,
        accepted_at=now,
    )


def enter(order: Order, line: LockedLine, asked: str, now: datetime) -> StartedOrder:
    """Writes the order, and tells the holder at once that it was `asked` (kind of the letter).

    Without a network it is carried out in the same transaction.
    """
    if order.delivery == "network":
        orders.insert_order(order)
        hold_wallet_part(order, now)
        deliver_by_network(order, policy_values(line.policy_id).promise_seconds, now)
        outbox.put(asked, order.account_id, line.id, order.id, now)
    else:
        confirm: Callable[..., None] = delivery_of(order).confirm
        confirm(order, line, None, now)
    return StartedOrder(order, order.id, OrderState(order.state), needs_payment=False, first=True)
