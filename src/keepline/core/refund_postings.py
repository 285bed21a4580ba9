"""The transfers by which a refund that is on its way ends: given back, not taken back, bounced.

Their rows stand in the table of core.postings.
"""

from uuid import UUID

from keepline.core.postings import (
    HouseCode,
    Sale,
    TransferCode,
    TransferDraft,
    house_account_id,
    single,
)

__all__ = ["bounce_refund", "end_refund", "refund_into_wallet"]


def end_refund(
    sale: Sale, refund_id: UUID, provider: str, amount_minor: int
) -> list[TransferDraft]:
    """The provider has given it back: clearing owes that much less."""
    transit = house_account_id(HouseCode.REFUNDS_IN_TRANSIT, sale.currency)
    clearing = house_account_id(HouseCode.CLEARING, sale.currency, provider)
    return single(
        sale, f"refunded:{refund_id}", transit, clearing, amount_minor, TransferCode.REFUND
    )


def refund_into_wallet(sale: Sale, refund_id: UUID, amount_minor: int) -> list[TransferDraft]:
    """The provider will not give it back: the holder has it in the wallet."""
    transit = house_account_id(HouseCode.REFUNDS_IN_TRANSIT, sale.currency)
    code = TransferCode.REFUND_TO_WALLET
    return single(sale, f"kept:{refund_id}", transit, sale.wallet_id, amount_minor, code)


def bounce_refund(
    sale: Sale, refund_id: UUID, provider: str, amount_minor: int
) -> list[TransferDraft]:
    """It could not be delivered and is with the provider again: the holder has it in the wallet."""
    clearing = house_account_id(HouseCode.CLEARING, sale.currency, provider)
    code = TransferCode.REFUND_TO_WALLET
    return single(sale, f"bounced:{refund_id}", clearing, sale.wallet_id, amount_minor, code)
