"""The transfers that a dispute makes: a payer's bank takes money back (docs/refunds.md).

Their rows stand in the table of core.postings.
"""

from dataclasses import replace
from uuid import UUID

from keepline.core.ids import derived_id
from keepline.core.money import Money
from keepline.core.postings import (
    HouseCode,
    Phase,
    Returned,
    Sale,
    TransferCode,
    TransferDraft,
    house_account_id,
    single,
    undo_sale,
)

__all__ = [
    "free_disputed",
    "hold_disputed",
    "lose_sale",
    "open_dispute",
    "return_by_bank",
    "take_disputed",
    "win_dispute",
    "write_off",
]


def lose_sale(sale: Sale, dispute_id: UUID, back: Returned, taken: Money) -> list[TransferDraft]:
    """The payer keeps the money of a sale: it makes good what was claimed, `taken`.

    What was paid in another currency is exchanged back, as in begin_exchanged_refund.
    """
    code = TransferCode.DISPUTE
    disputed = house_account_id(HouseCode.DISPUTED, taken.currency)
    if taken.currency == sale.currency:
        return undo_sale(sale, dispute_id, back, disputed, code)
    given = house_account_id(HouseCode.EXCHANGE, sale.currency)
    source = house_account_id(HouseCode.EXCHANGE, taken.currency)
    other = replace(sale, currency=taken.currency)
    drafts = undo_sale(sale, dispute_id, back, given, code)
    lost = single(other, f"lost:{dispute_id}", source, disputed, taken.amount_minor, code)
    return drafts + lost


def open_dispute(
    sale: Sale, dispute_id: UUID, provider: str, amount_minor: int
) -> list[TransferDraft]:
    """The payer's bank has taken it back; the house claims it."""
    return _dispute(sale, f"disputed:{dispute_id}", provider, amount_minor, back=False)


def win_dispute(
    sale: Sale, dispute_id: UUID, provider: str, amount_minor: int
) -> list[TransferDraft]:
    """It is with the provider again."""
    return _dispute(sale, f"won:{dispute_id}", provider, amount_minor, back=True)


def _dispute(
    sale: Sale, purpose: str, provider: str, amount_minor: int, back: bool
) -> list[TransferDraft]:
    disputed = house_account_id(HouseCode.DISPUTED, sale.currency)
    clearing = house_account_id(HouseCode.CLEARING, sale.currency, provider)
    debit_id, credit_id = (clearing, disputed) if back else (disputed, clearing)
    return single(sale, purpose, debit_id, credit_id, amount_minor, TransferCode.DISPUTE)


def write_off(sale: Sale, dispute_id: UUID, amount_minor: int) -> list[TransferDraft]:
    """What was lost and lies in no wallet any more is the house's loss."""
    losses = house_account_id(HouseCode.DISPUTE_LOSSES, sale.currency)
    disputed = house_account_id(HouseCode.DISPUTED, sale.currency)
    return single(sale, f"loss:{dispute_id}", losses, disputed, amount_minor, TransferCode.DISPUTE)


def return_by_bank(sale: Sale, dispute_id: UUID, amount_minor: int) -> list[TransferDraft]:
    """Lost is what was on its way back: the bank has given it back instead of us."""
    transit = house_account_id(HouseCode.REFUNDS_IN_TRANSIT, sale.currency)
    disputed = house_account_id(HouseCode.DISPUTED, sale.currency)
    code = TransferCode.DISPUTE
    return single(sale, f"returned:{dispute_id}", transit, disputed, amount_minor, code)


def hold_disputed(sale: Sale, dispute_id: UUID, amount_minor: int) -> list[TransferDraft]:
    """What a disputed top-up left in the wallet cannot be spent until the bank has decided."""
    return _disputed_phase(sale, dispute_id, amount_minor, Phase.HOLD)


def take_disputed(sale: Sale, dispute_id: UUID, amount_minor: int) -> list[TransferDraft]:
    """Lost: it leaves the wallet."""
    return _disputed_phase(sale, dispute_id, amount_minor, Phase.POST)


def free_disputed(sale: Sale, dispute_id: UUID, amount_minor: int) -> list[TransferDraft]:
    """Won: it is free again."""
    return _disputed_phase(sale, dispute_id, amount_minor, Phase.VOID)


def _disputed_phase(
    sale: Sale, dispute_id: UUID, amount_minor: int, phase: Phase
) -> list[TransferDraft]:
    if amount_minor == 0:
        return []
    hold_id = derived_id(sale.order_id, f"{Phase.HOLD}:{dispute_id}")
    return [
        TransferDraft(
            id=derived_id(sale.order_id, f"{phase}:{dispute_id}"),
            debit_id=sale.wallet_id,
            credit_id=house_account_id(HouseCode.DISPUTED, sale.currency),
            amount_minor=amount_minor,
            currency=sale.currency,
            code=TransferCode.REFUND,
            phase=phase,
            hold_id=None if phase is Phase.HOLD else hold_id,
            order_id=sale.order_id,
        )
    ]
