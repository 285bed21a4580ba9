"""What an account's wallets hold."""

import pytest

from keepline.flows.list_wallets import list_wallets
from keepline.ledger.services import open_wallet
from tests.cast import assemble

pytestmark = pytest.mark.django_db


def test_a_wallet_per_currency() -> None:
    cast = assemble(wallet_minor=700)
    open_wallet(cast.account.id, "EUR")
    found = [(wallet.currency, wallet.free_minor) for wallet in list_wallets(cast.account.id)]
    assert found == [("EUR", 0), ("USD", 700)]
