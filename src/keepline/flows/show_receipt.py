"""Reads what receipts say: of orders that were carried out and have their receipt's number."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.catalog import queries as catalog
from keepline.catalog.queries import PolicyValues, policy_values
from keepline.core.exchange import Exchange
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifeline import Lapse, Lifeline, lifeline_of
from keepline.flows.errors import FlowRefused
from keepline.lines import queries as lines
from keepline.lines.queries import LineRow
from keepline.orders import queries as orders
from keepline.orders.models import Order


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """The line that the order was for. `lifeline`: at the order's instant, with the piece that it
    added; None where it gave no time."""

    row: LineRow
    policy: PolicyValues
    lifeline: Lifeline | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """`line` and `plan_name` (language -> name) are None where the order was for none."""

    order: Order
    number: int
    holder: str
    line: ReceiptLine | None
    plan_name: dict[str, str] | None

    @property
    def ended_at(self) -> datetime:
        """When it was carried out, UTC."""
        return self.order.completed_at or self.order.accepted_at

    @property
    def exchange(self) -> Exchange | None:
        """In which other currency the provider's part was paid."""
        return Exchange.of_facts(self.order.exchange) if self.order.exchange else None


def show_receipt(order_id: UUID, account_id: UUID) -> Receipt:
    """Raises FlowRefused("not_found") for an order of another account, and where there is no
    receipt yet. Four queries."""
    order = orders.order_of(order_id, account_id)
    found = receipts_among([order] if order else [])
    if order_id not in found:
        raise FlowRefused("not_found")
    return found[order_id]


def receipts_among(of: Collection[Order]) -> dict[UUID, Receipt]:
    """By order; those without a receipt are left out. Three queries for any number, and one for
    each policy that this process has not seen; none where there is no receipt."""
    numbered = [each for each in of if each.receipt_number and each.state == OrderState.COMPLETED]
    if not numbered:
        return {}
    holders = accounts.accounts_among({each.account_id for each in numbered})
    rows = lines.lines_among({each.line_id for each in numbered if each.line_id})
    plans = catalog.plans_among({each.plan_id for each in numbered if each.plan_id})
    return {
        each.id: Receipt(
            order=each,
            number=each.receipt_number or 0,
            holder=holders[each.account_id].name,
            line=_line(each, rows[each.line_id]) if each.line_id in rows else None,
            plan_name=plans[each.plan_id].name if each.plan_id in plans else None,
        )
        for each in numbered
    }


def _line(order: Order, row: LineRow) -> ReceiptLine:
    policy = policy_values(row.policy_id)
    return ReceiptLine(row, policy, lifeline_at(order, row, policy))


def lifeline_at(order: Order, row: LineRow, policy: Lapse) -> Lifeline | None:
    """The line's at the order's instant, with the piece that the order added."""
    before, after = order.valid_until_before, order.valid_until_after
    return lifeline_of(
        LineState.ACTIVE,
        row.activated_at or row.opened_at,
        before or after,
        policy,
        order.completed_at or order.accepted_at,
        after if before else None,
        has_number=row.e164 is not None or "number" in (order.stock or {}),
    )
