"""What a change of number and a swap of the SIM share: a line lives on under another name.

The old name serves until the network has confirmed the new one. If it never does, the network is
told the old one again, and only then is the new one free for others (docs/numbers.md).
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from keepline.audit import services as audit
from keepline.catalog.queries import policy_values
from keepline.core import postings
from keepline.core.allowances import Allowance
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderEvent
from keepline.core.network_service import standing
from keepline.flows.delivering.delivery import Delivery
from keepline.flows.delivering.stock import put_back
from keepline.flows.line_at_network import subscriber_of
from keepline.flows.sale import held_parts, sale_of
from keepline.gateways.network.port import NetworkOperation, Subscriber
from keepline.ledger import services as ledger
from keepline.lines import services as lines
from keepline.lines.services import LockedLine
from keepline.messages import services as outbox
from keepline.orders import services as orders
from keepline.orders.models import Order


class Change(Delivery):
    """What orders of the kinds `new_number` and `new_sim` have in common."""

    action: str  # of the audit trail, and the kind of the letter
    states: Collection[LineState]  # in which a line may be changed so

    def renamed(self, order: Order, line: LockedLine) -> LockedLine:
        """The line with the name that was ordered."""
        raise NotImplementedError

    def is_free_for(self, order: Order) -> bool:
        """Whether the new name is nobody else's: no word about it must reach its next holder."""
        raise NotImplementedError

    def possible(self, line: LockedLine) -> bool:
        """Whether a line in this state may still get what was ordered."""
        return line.state in self.states

    def operation(
        self, order: Order, line: LockedLine, subscriber: Subscriber, left: Allowance
    ) -> NetworkOperation:
        """The service that stands, under the new name."""
        new, rules = subscriber_of(self.renamed(order, line)), policy_values(line.policy_id)
        return NetworkOperation(
            operation_id=order.id,
            subscriber=replace(new, former=subscriber),
            desired=standing(line.state, rules.grace_service, line.valid_until, left),
            order_id=order.id,
        )

    def other_name(self, order: Order, line: LockedLine) -> Subscriber | None:
        """Under what else the network may have the line, when it is put back."""
        return subscriber_of(self.renamed(order, line)) if self.is_free_for(order) else None

    def free_again(self, order: Order, now: datetime) -> bool:
        """Puts what was held back on the shelf, once, in the caller's transaction.

        False when a late answer has brought it to the network again.
        """
        self.lock_stock(order)
        lines.lock_line(order.served_line, order.account_id)
        locked = orders.lock_order(order.id)
        if locked.undo_due:
            return False
        if not (locked.stock or {}).get("back"):
            put_back(locked, now)
            orders.note_put_back(locked)
        return True

    def complete(
        self,
        order: Order,
        line: LockedLine,
        network: dict[str, Any] | None,
        now: datetime,
        unused: str | None = None,
    ) -> None:
        """The fee is earned, the holder is told, the order has ended well.

        `unused`: the profile that the SM-DP+ is to take back; the order is due until it has.
        """
        held, fresh = held_parts(order), order._state.adding
        proof = {**(order.proof or {}), "network": network or {"outcome": "unchanged"}}
        columns: dict[str, Any] = {"settled_at": order.settled_at or now, "proof": proof}
        if unused is not None:
            columns |= {"stock": {**(order.stock or {}), "unused": unused}, "next_action_at": now}
        if fresh:  # moves in memory, is written below where it got to
            orders.transition(order, OrderEvent.COMPLETE, now, **columns)
        ledger.book(order.slot, postings.charge_fee(sale_of(order), held), now)
        if fresh:
            orders.insert_order(order)
        else:
            orders.transition(order, OrderEvent.COMPLETE, now, **columns)
        outbox.put(self.action, order.account_id, line.id, order.id, now)
        audit.record(
            self.action,
            actor=order.actor,
            now=now,
            account_id=order.account_id,
            subject_id=line.id,
            facts={"order": str(order.id)},
        )
