"""Reads an account and the user who looks at it."""

from dataclasses import dataclass
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.accounts.models import Account, User


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account, and how its user is addressed."""

    account: Account
    user: User


def show_account(account_id: UUID, user_id: int) -> AccountView:
    """The caller has checked that the user is a member. Two queries."""
    return AccountView(accounts.account(account_id), accounts.user(user_id))
