"""What a provider settles and pays out: its movements in the ledger (docs/payouts.md).

| step                          | debit                         | credit              |
|-------------------------------|-------------------------------|---------------------|
| settled: it owes us the whole | provider_receivable:PROVIDER  | clearing:PROVIDER   |
| ... less its fee              | payment_fees:PROVIDER         | provider_receivable |
| paid out: it is in our bank   | bank                          | provider_receivable |

A payout below zero (more was given back than taken) goes the other way.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from keepline.core.ids import make_id
from keepline.core.postings import (
    HouseCode,
    Phase,
    TransferCode,
    TransferDraft,
    house_account_id,
)

__all__ = ["Payout", "movements", "paid_out", "settled"]


@dataclass(frozen=True, slots=True)
class Payout:
    """One payout of a provider, as its list has it. Minor units of `currency`.

    `amount_minor`: what reaches the bank; `fee_minor`: what the provider kept; together they are
    what it took for us. `paid_on`: None while the money is on its way.
    """

    provider: str
    reference: str  # the provider's own, one for each payout
    currency: str
    amount_minor: int
    fee_minor: int
    settled_on: date
    paid_on: date | None

    @property
    def whole_minor(self) -> int:
        """What leaves clearing."""
        return self.amount_minor + self.fee_minor


def movements(payout: Payout) -> list[TransferDraft]:
    """All that is to be booked of the payout as it stands; the same again has the same ids."""
    return [*settled(payout), *(paid_out(payout) if payout.paid_on else [])]


def settled(payout: Payout) -> list[TransferDraft]:
    """It leaves clearing: the provider owes it to us, less its fee."""
    receivable = _account(payout, HouseCode.PROVIDER_RECEIVABLE)
    clearing = _account(payout, HouseCode.CLEARING)
    fees = _account(payout, HouseCode.PAYMENT_FEES)
    return [
        *_movement(payout, "settled", receivable, clearing, payout.whole_minor),
        *_movement(payout, "fee", fees, receivable, payout.fee_minor),
    ]


def paid_out(payout: Payout) -> list[TransferDraft]:
    """It is in the bank."""
    bank = house_account_id(HouseCode.BANK, payout.currency)
    receivable = _account(payout, HouseCode.PROVIDER_RECEIVABLE)
    return _movement(payout, "paid_out", bank, receivable, payout.amount_minor)


def _account(payout: Payout, code: HouseCode) -> UUID:
    return house_account_id(code, payout.currency, payout.provider)


def _movement(
    payout: Payout, step: str, debit_id: UUID, credit_id: UUID, amount_minor: int
) -> list[TransferDraft]:
    """Between accounts of the house, so in slot 0. Its id follows from provider, reference and
    step alone, with time 0: what a later list tells of the days makes no second movement."""
    if amount_minor == 0:
        return []
    if amount_minor < 0:
        debit_id, credit_id = credit_id, debit_id
    named = f"payout:{payout.provider}:{payout.reference}:{step}"
    digest = hashlib.sha256(named.encode()).digest()
    return [
        TransferDraft(
            id=make_id(0, 0, int.from_bytes(digest[:8])),
            debit_id=debit_id,
            credit_id=credit_id,
            amount_minor=abs(amount_minor),
            currency=payout.currency,
            code=TransferCode.PAYOUT,
            phase=Phase.SINGLE,
            hold_id=None,
            order_id=None,
        )
    ]
