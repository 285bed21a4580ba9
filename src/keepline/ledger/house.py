"""Reads of the house's own accounts: they keep no balance, theirs is summed."""

from collections.abc import Sequence
from uuid import UUID

from keepline.core.postings import HouseCode, house_account_id
from keepline.ledger.models import Transfer
from keepline.slots.sql import fetch_all

OF_A_PROVIDER = (HouseCode.CLEARING, HouseCode.PROVIDER_RECEIVABLE, HouseCode.PAYMENT_FEES)

# Over all slots and all time: for what a person asks, not for what a holder waits for.
STANDING = """
SELECT account_id, sum(minor)::bigint AS minor FROM (
  SELECT credit_id AS account_id, amount_minor AS minor FROM ledger_transfer
  WHERE credit_id = ANY(%(accounts)s) AND phase IN ('single', 'post')
  UNION ALL
  SELECT debit_id, -amount_minor FROM ledger_transfer
  WHERE debit_id = ANY(%(accounts)s) AND phase IN ('single', 'post')
) AS leg GROUP BY account_id
"""


def standing(provider: str, currencies: Sequence[str]) -> dict[tuple[str, str], int]:
    """What stands on a provider's accounts and at the bank, by account and currency; minor units.

    Credits less debits, as everywhere: what is owed to the house is below zero. One query.
    """
    accounts = {
        house_account_id(code, currency, provider): (str(code), currency)
        for currency in currencies
        for code in OF_A_PROVIDER
    }
    accounts |= {
        house_account_id(HouseCode.BANK, currency): (str(HouseCode.BANK), currency)
        for currency in currencies
    }
    rows = fetch_all(STANDING, {"accounts": list(accounts)})
    found = {row.account_id: row.minor for row in rows}
    return {name: found.get(account_id, 0) for account_id, name in accounts.items()}


def booked_among(transfer_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, int]]:
    """Those of the ownerless transfers that are booked: what they debit, and how much."""
    rows = Transfer.objects.filter(slot=0, id__in=transfer_ids)
    return {row.id: (row.debit_id, row.amount_minor) for row in rows}
