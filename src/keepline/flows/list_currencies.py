"""Lists the currencies that an account may be in: those that the plans on sale are priced in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings

from keepline.catalog import queries as catalog
from keepline.ledger import queries as ledger


def list_currencies(now: datetime) -> Sequence[str]:
    """ISO 4217; the first is for those of whom nothing better is known.

    While nothing is on sale, the ones that Keepline ships with. A query in some seconds.
    """
    return catalog.currencies_on_sale(now) or settings.CURRENCIES


def has_currency(account_id: UUID, currency: str, now: datetime) -> bool:
    """Whether the account may have money in it: something is on sale in it, or it has some.

    Money comes in other currencies too: what a provider would not give back of a payment stays in
    a wallet of the currency that was paid.
    """
    if currency in list_currencies(now):
        return True
    return any(wallet.currency == currency for wallet in ledger.balances_of(account_id))
