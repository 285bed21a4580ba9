"""Lists numbers that came from other operators without their lines: a person has to decide."""

from collections.abc import Sequence
from dataclasses import dataclass

from keepline.accounts import queries as accounts
from keepline.accounts.models import Account
from keepline.core.lifecycle.port_in import PortInState
from keepline.orders import queries as orders
from keepline.orders.models import Order
from keepline.porting import queries as porting
from keepline.porting.models import PortIn

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Arrival:
    """A number without its line. `way` says since when, from whom and why."""

    way: PortIn
    order: Order
    account: Account

    @property
    def goes_back(self) -> bool:
        """Whether it was given up, and the clearing house has not given it back yet."""
        return self.way.state == PortInState.RETURNING

    @property
    def may_be_tried(self) -> bool:
        """Whether its order waits for the line still."""
        return self.order.state in orders.WAITING


def list_arrivals() -> Sequence[Arrival]:
    """The longest waiting first, 50 at most. As many queries for fifty as for one."""
    rows = porting.stranded(SHOWN)
    if not rows:
        return []
    found = orders.by_ids([row.order_id for row in rows])
    owners = accounts.accounts_among({row.account_id for row in rows})
    return [Arrival(row, found[row.order_id], owners[row.account_id]) for row in rows]
