"""Reads what an account's wallets hold, a wallet per currency."""

from collections.abc import Sequence
from uuid import UUID

from keepline.ledger import queries as ledger
from keepline.ledger.queries import Balance


def list_wallets(account_id: UUID) -> Sequence[Balance]:
    """The wallets that were opened, by currency. One query."""
    return ledger.balances_of(account_id)
