"""Reads of wallets and what moved in them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.core.ids import slot_of
from keepline.ledger.models import Wallet
from keepline.slots.sql import fetch_all


@dataclass(frozen=True, slots=True)
class Balance:
    """One wallet: what it holds, what of that is set aside for orders under way."""

    wallet_id: UUID
    currency: str
    purpose: str
    posted_minor: int
    pending_minor: int

    @property
    def free_minor(self) -> int:
        """What may be spent."""
        return self.posted_minor - self.pending_minor


@dataclass(frozen=True, slots=True)
class Movement:
    """One booked movement of a wallet: what came in is positive, what went out negative."""

    id: UUID
    code: int
    amount_minor: int
    balance_after_minor: int
    order_id: UUID | None
    booked_at: datetime


def currency_of(wallet_id: UUID) -> str:
    """ISO 4217. Raises Wallet.DoesNotExist."""
    found: Wallet = Wallet.objects.by_id(wallet_id)
    return found.currency


def free_minor(wallet_id: UUID) -> int:
    """What may be spent, without a lock: for previews. 0 for a wallet not opened yet."""
    row = Wallet.objects.filter(slot=slot_of(wallet_id), id=wallet_id).first()
    return row.posted_minor - row.pending_minor if row else 0


def balances_of(account_id: UUID) -> list[Balance]:
    """All wallets of the account, by currency, cash before bonus."""
    rows = Wallet.objects.filter(slot=slot_of(account_id), account_id=account_id)
    return [_balance(row) for row in rows.order_by("currency", "-purpose")]


def balances_among(wallet_ids: Collection[UUID]) -> dict[UUID, Balance]:
    """Wallets by id, of any accounts. One query."""
    return {row.id: _balance(row) for row in Wallet.objects.among(wallet_ids)}


def _balance(row: Wallet) -> Balance:
    return Balance(row.id, row.currency, row.purpose, row.posted_minor, row.pending_minor)


@dataclass(frozen=True, slots=True)
class Booking:
    """One transfer between two accounts, named: wallet, or the code of an account of the house."""

    id: UUID
    debit: str
    credit: str
    amount_minor: int
    currency: str
    phase: str
    booked_at: datetime


BOOKINGS = """
SELECT t.id, coalesce(d.code, 'wallet') AS debit, coalesce(c.code, 'wallet') AS credit,
       t.amount_minor, t.currency, t.phase, t.booked_at
FROM ledger_transfer t
LEFT JOIN ledger_houseaccount d ON d.id = t.debit_id
LEFT JOIN ledger_houseaccount c ON c.id = t.credit_id
WHERE t.slot = %(slot)s AND t.id = ANY(%(ids)s)
ORDER BY t.booked_at
"""


def bookings_among(slot: int, transfer_ids: Sequence[UUID]) -> list[Booking]:
    """Those of the transfers that were booked, the first first."""
    rows = fetch_all(BOOKINGS, {"slot": slot, "ids": list(transfer_ids)})
    return [Booking(*row) for row in rows]


# Both halves are answered by an index (transfer_money_out, transfer_money_in), whose condition is
# repeated here word for word. The running sum starts from the balance, so that a page needs
# nothing of the pages before it but their newer movements.
STATEMENT = """
WITH moved AS (
  SELECT id, code, -amount_minor AS amount_minor, order_id, booked_at
  FROM ledger_transfer
  WHERE slot = %(slot)s AND debit_id = %(wallet)s AND phase IN ('single', 'post')
    AND code IN (3, 4, 6, 8, 9)
  UNION ALL
  SELECT id, code, amount_minor, order_id, booked_at
  FROM ledger_transfer
  WHERE slot = %(slot)s AND credit_id = %(wallet)s AND phase IN ('single', 'post')
    AND code IN (1, 2, 5, 6, 7, 11)
), placed AS (
  SELECT moved.*, w.posted_minor + amount_minor
         - (sum(amount_minor) OVER (ORDER BY booked_at DESC, moved.id DESC))::bigint
         AS balance_after_minor
  FROM moved, ledger_wallet w
  WHERE w.slot = %(slot)s AND w.id = %(wallet)s
)
SELECT id, code, amount_minor, balance_after_minor, order_id, booked_at
FROM placed
WHERE %(before_at)s::timestamptz IS NULL
   OR (booked_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid)
ORDER BY booked_at DESC, id DESC
LIMIT %(limit)s
"""


def statement(wallet_id: UUID, before: tuple[datetime, UUID] | None, limit: int) -> list[Movement]:
    """Movements older than `before` (instant and id of the last one seen), newest first.

    The caller has checked whose wallet it is.
    """
    before_at, before_id = before or (None, None)
    rows = fetch_all(
        STATEMENT,
        {
            "slot": slot_of(wallet_id),
            "wallet": wallet_id,
            "before_at": before_at,
            "before_id": before_id,
            "limit": limit,
        },
    )
    return [Movement(**row._asdict()) for row in rows]
