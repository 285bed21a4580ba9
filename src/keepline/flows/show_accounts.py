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
