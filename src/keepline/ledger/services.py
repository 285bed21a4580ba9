"""The only writer of money. Two verbs: open a wallet, book transfers."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from keepline.core.ids import derived_id, slot_of
from keepline.core.postings import HouseCode, TransferDraft, house_account_id
from keepline.ledger.models import HouseAccount, Wallet
from keepline.slots.sql import ask, fetch_all, fetch_one, write

PARTY_CODES = (HouseCode.CLEARING, HouseCode.PROVIDER_RECEIVABLE, HouseCode.PAYMENT_FEES)


def wallet_id_of(account_id: UUID, currency: str, purpose: str = "cash") -> UUID:
    """The id a wallet has before it exists: two openers meet in one row."""
    return derived_id(account_id, f"wallet:{purpose}:{currency}")


def open_wallet(account_id: UUID, currency: str, purpose: str = "cash") -> Wallet:
    """The account's wallet in `currency`, made when it was not there."""
    wallet = Wallet(
        slot=slot_of(account_id),
        id=wallet_id_of(account_id, currency, purpose),
        account_id=account_id,
        currency=currency,
        purpose=purpose,
    )
    Wallet.objects.bulk_create([wallet], ignore_conflicts=True)
    found: Wallet = Wallet.objects.by_id(wallet.id)
    return found


def open_house_accounts(currencies: Sequence[str], parties: Sequence[str]) -> None:
    """Rows that give the house's accounts their names; their ids follow from what they are."""
    wanted = [
        (code, currency, party)
        for currency in currencies
        for code in HouseCode
        for party in (parties if code in PARTY_CODES else [""])
    ]
    HouseAccount.objects.bulk_create(
        [
            HouseAccount(
                id=house_account_id(code, currency, party),
                code=code,
                currency=currency,
                party=party,
            )
            for code, currency, party in wanted
        ],
        ignore_conflicts=True,
    )


LOCK_WALLET = """
SELECT posted_minor - pending_minor AS free FROM ledger_wallet
WHERE slot = %s AND id = %s FOR NO KEY UPDATE
"""


def lock_wallet(wallet_id: UUID) -> int:
    """Locks the wallet's row until commit; returns what may be spent, in minor units."""
    row = fetch_one(LOCK_WALLET, (slot_of(wallet_id), wallet_id))
    if row is None:
        raise Wallet.DoesNotExist(wallet_id)
    return int(row.free)


LOCK_WALLETS = """
SELECT w.id FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[]) AS d(slot, id)
JOIN ledger_wallet w ON w.slot = d.slot AND w.id = d.id
ORDER BY w.slot, w.id FOR NO KEY UPDATE OF w
"""


def lock_wallets(wallet_ids: Collection[UUID]) -> None:
    """Locks many wallets, in the order of their slots and ids, until commit. One query."""
    ids = sorted(set(wallet_ids))
    slots = [slot_of(wallet_id) for wallet_id in ids]
    fetch_all(LOCK_WALLETS, {"slots": slots, "ids": ids})


def locking_wallet_of(account_id: UUID, currency: str) -> Callable[[], tuple[UUID, int]]:
    """The account's wallet in `currency` under lock, opened when it was not there.

    May be sent together with other statements; its id and what may be spent are told afterwards.
    """
    wallet_id = wallet_id_of(account_id, currency)
    locked = ask(LOCK_WALLET, (slot_of(wallet_id), wallet_id))

    def wallet() -> tuple[UUID, int]:
        row = locked.one()
        if row is not None:
            return wallet_id, int(row.free)
        open_wallet(account_id, currency)
        return wallet_id, lock_wallet(wallet_id)

    return wallet


def lock_wallet_of(account_id: UUID, currency: str) -> tuple[UUID, int]:
    """The same at once."""
    return locking_wallet_of(account_id, currency)()


# A transfer that is already there (same id) moves nothing: the balances follow only the rows
# that this statement itself inserted.
BOOK = """
WITH booked AS (
  INSERT INTO ledger_transfer (slot, id, debit_id, credit_id, amount_minor, currency, code, phase,
                               hold_id, order_id, booked_at)
  SELECT %(slot)s::smallint, d.id, d.debit_id, d.credit_id, d.amount_minor, d.currency, d.code,
         d.phase, d.hold_id, d.order_id, %(booked_at)s::timestamptz
  FROM unnest(%(ids)s::uuid[], %(debits)s::uuid[], %(credits)s::uuid[], %(amounts)s::bigint[],
              %(currencies)s::text[], %(codes)s::smallint[], %(phases)s::text[],
              %(holds)s::uuid[], %(orders)s::uuid[])
    AS d(id, debit_id, credit_id, amount_minor, currency, code, phase, hold_id, order_id)
  ON CONFLICT (slot, id) DO NOTHING
  RETURNING debit_id, credit_id, amount_minor, phase
), leg AS (
  SELECT debit_id AS wallet_id,
         CASE WHEN phase IN ('single', 'post') THEN -amount_minor ELSE 0 END AS posted,
         CASE phase WHEN 'hold' THEN amount_minor WHEN 'single' THEN 0 ELSE -amount_minor END
           AS pending
  FROM booked
  UNION ALL
  SELECT credit_id, amount_minor, 0 FROM booked WHERE phase IN ('single', 'post')
), delta AS (
  SELECT wallet_id, sum(posted)::bigint AS posted, sum(pending)::bigint AS pending
  FROM leg GROUP BY wallet_id
)
UPDATE ledger_wallet w
SET posted_minor = w.posted_minor + delta.posted, pending_minor = w.pending_minor + delta.pending
FROM delta
WHERE w.slot = %(slot)s AND w.id = delta.wallet_id
"""


def book(slot: int, drafts: Sequence[TransferDraft], booked_at: datetime) -> None:
    """Books transfers of one slot and moves the wallets they touch, in one statement.

    The caller holds the lock of every wallet concerned (lock_wallet) and has checked the funds;
    the database's CHECK is the last guard and surfaces as IntegrityError.
    """
    if not drafts:
        return
    write(
        BOOK,
        {
            "slot": slot,
            "booked_at": booked_at,
            "ids": [d.id for d in drafts],
            "debits": [d.debit_id for d in drafts],
            "credits": [d.credit_id for d in drafts],
            "amounts": [d.amount_minor for d in drafts],
            "currencies": [d.currency for d in drafts],
            "codes": [int(d.code) for d in drafts],
            "phases": [str(d.phase) for d in drafts],
            "holds": [d.hold_id for d in drafts],
            "orders": [d.order_id for d in drafts],
        },
    )
