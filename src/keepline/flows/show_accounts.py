"""Shows the accounts of a user: those they are a member of, and those on file under a contact of
theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.accounts.models import User
from keepline.flows.claim_account import accounts_on_file
from keepline.lines import queries as lines
from keepline.orders import queries as orders


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """One they are a member of. `lines`: how many live."""

    account_id: UUID
    name: str
    role: str
    lines: int


@dataclass(frozen=True, slots=True)
class OnFile:
    """One that they may take over. Its name and numbers are told afterwards."""

    account_id: UUID
    lines: int


@dataclass(frozen=True, slots=True)
class AccountsView:
    """The oldest membership first."""

    own: Sequence[OwnAccount]
    on_file: Sequence[OnFile]


def show_accounts(user: User, now: datetime) -> AccountsView:
    """At most seven queries, however many accounts."""
    roles = accounts.roles_of(user.pk)
    found, on_file = accounts.accounts_among(roles), accounts_on_file(user, now)
    living = lines.count_living_among([*roles, *(each.id for each in on_file)])
    own = [
        OwnAccount(account_id, found[account_id].name, role, living.get(account_id, 0))
        for account_id, role in roles.items()
    ]
    return AccountsView(own, [OnFile(each.id, living.get(each.id, 0)) for each in on_file])


def name_of_other(
    user_id: int, acting_for: UUID, line_id: UUID | None = None, order_id: UUID | None = None
) -> str:
    """Of the account of theirs that a line or an order is in, where they act for another; "" where
    it is in none. Three queries, one for who has one account."""
    others = accounts.roles_of(user_id).keys() - {acting_for}
    if not others:
        return ""
    order = orders.find(order_id) if order_id else None
    line = lines.lines_among([line_id]).get(line_id) if line_id else None
    found = order or line
    if found is None or found.account_id not in others:
        return ""
    return accounts.account(found.account_id).name
