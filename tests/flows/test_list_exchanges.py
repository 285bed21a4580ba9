"""list_exchanges: other currencies, for amounts and countries in which a provider takes them."""

from datetime import timedelta
from pathlib import Path

import pytest

from keepline.core.money import Money
from keepline.flows.errors import FlowRefused
from keepline.flows.list_exchanges import exchange_seen, list_exchanges
from keepline.gateways import switchboard
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider
from tests.exchanging import rates

pytestmark = pytest.mark.django_db
PRICE = Money(300, "USD")


def test_only_what_a_provider_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = assemble()
    monkeypatch.setattr(switchboard, "_factories", {"payments:stripe": FakeProvider})
    with rates(tmp_path, EUR="0.9213", JPY="10", KWD="0.30715"):
        offers = list_exchanges(cast.account.id, PRICE, NOW)
        # 30 yen are below what Stripe takes, and 921 fils between two steps.
        assert [offer.exchange.paid for offer in offers] == [Money(276, "EUR"), Money(930, "KWD")]
        assert [way.provider for way in offers[0].ways] == ["stripe"]
        assert list_exchanges(cast.account.id, Money(300, "EUR"), NOW) == []
        assert list_exchanges(cast.account.id, PRICE, NOW + timedelta(days=5)) == []
    assert list_exchanges(cast.account.id, PRICE, NOW) == []


def test_what_was_seen_holds_or_is_refused(tmp_path: Path) -> None:
    with rates(tmp_path, EUR="0.9213"):
        agreed = exchange_seen(PRICE, Money(276, "EUR"), NOW)
        assert (str(agreed.rate), agreed.source) == ("0.9213", "A Bank")
        for seen in (Money(275, "EUR"), Money(276, "GBP")):
            with pytest.raises(FlowRefused, match="rate_changed"):
                exchange_seen(PRICE, seen, NOW)
