"""Another number for a line that lives: both numbers change hands in one transaction."""

from dataclasses import replace
from datetime import datetime, timedelta

from keepline.catalog.queries import policy_values
from keepline.core.lifecycle.line import LineState
from keepline.flows.delivering.changing import Change
from keepline.flows.delivering.delivery import Answer, Left
from keepline.flows.delivering.stock import told_back
from keepline.flows.steps import transaction_step
from keepline.inventory import queries as stock
from keepline.inventory import services as inventory
from keepline.lines import changes
from keepline.lines.services import LockedLine
from keepline.orders.models import Order


class NewNumber(Change):
    """Orders of the kind `new_number`."""

    action = "number.changed"
    states = (LineState.ACTIVE, LineState.GRACE)

    def lock_stock(self, order: Order) -> None:
        """Both numbers, in the order that everybody takes."""
        inventory.lock_numbers([_new(order), (order.proof or {})["number_before"]])

    def renamed(self, order: Order, line: LockedLine) -> LockedLine:
        """With the number that is held."""
        return replace(line, e164=_new(order))

    def is_free_for(self, order: Order) -> bool:
        """It may lie on the shelf again, but on no other line."""
        number = stock.number(_new(order))
        return number is not None and number.line_id in (None, order.line_id)

    def confirm(
        self, order: Order, line: LockedLine, network: Answer, now: datetime, left: Left = None
    ) -> None:
        """The new number's period begins, the old one's ends; it rests from now on."""
        old = line.e164
        assert old is not None, f"line {line.id} has no number to change"
        inventory.assign(_new(order), order.account_id, line.id, now)
        rests_until = now + timedelta(days=policy_values(line.policy_id).quarantine_days)
        # It cannot be had back: its line lives, and has another number.
        inventory.withdraw_all([inventory.Withdrawal(old, rests_until, now)], now)
        changes.change_number(line, _new(order))
        order.proof = {**(order.proof or {}), "rests_until": rests_until.isoformat()}
        self.complete(order, line, network, now)

    def let_go(self, order: Order, now: datetime) -> bool:
        """The new number goes back to the shelf; the line never had it."""
        if not told_back(order, now):
            return False
        with transaction_step("change_number.let_go"):
            return self.free_again(order, now)


def _new(order: Order) -> int:
    return int((order.stock or {})["number"])
