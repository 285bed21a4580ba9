"""show_taxes: what is declared is what the ledger owes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from keepline.accounts.models import Account
from keepline.core.ids import derived_id
from keepline.core.postings import HouseCode, Phase, TransferCode, TransferDraft, house_account_id
from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_disputes import follow_disputes
from keepline.flows.show_taxes import TaxSum, show_taxes
from keepline.ledger import services as ledger
from keepline.ledger.models import Transfer
from keepline.payments.services import payment_id_of
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import request
from tests.flows.refunds import balance, bought
from tests.taxing import rate, taxes

pytestmark = pytest.mark.django_db
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
RATES = {"DE": (rate(19, SINCE),), "KW": (rate(0, SINCE),)}
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def renew(cast: Cast, country: str, now: datetime) -> None:
    Account.objects.filter(id=cast.account.id).update(country=country)
    with taxes("holder", RATES):
        key = f"key-{country}-{now.isoformat()}"
        renew_line.start(request(cast, use_wallet="only", key=key), now)


def test_by_month_country_and_rate() -> None:
    cast = assemble(wallet_minor=5000, tax_rate_ppm=100_000)
    for country, now in (
        ("DE", NOW),
        ("DE", NOW + timedelta(hours=1)),
        ("KW", NOW),
        ("", NOW),
        ("DE", datetime(2026, 4, 1, tzinfo=UTC)),
        ("DE", datetime(2026, 5, 1, tzinfo=UTC)),
    ):
        renew(cast, country, now)
    assert show_taxes(MARCH, date(2026, 4, 30)) == [
        TaxSum("2026-03", "", 100_000, "USD", 1, 273, 27, 0, 0),
        TaxSum("2026-03", "DE", 190_000, "USD", 2, 504, 96, 0, 0),
        TaxSum("2026-03", "KW", 0, "USD", 1, 300, 0, 0, 0),
        TaxSum("2026-04", "DE", 190_000, "USD", 1, 252, 48, 0, 0),
    ]
    owed = house_account_id(HouseCode.TAX_PAYABLE, "USD")
    booked = sum(Transfer.objects.filter(credit_id=owed).values_list("amount_minor", flat=True))
    assert booked == sum(row.tax_minor for row in show_taxes(MARCH, date(2026, 12, 1)))


@pytest.mark.books_broken  # money that comes back without a refund of its own
def test_what_went_back_counts_when_it_went() -> None:
    cast = assemble(wallet_minor=5000)
    renew(cast, "DE", NOW)
    order_id = Transfer.objects.get(code=TransferCode.TAX).order_id
    assert order_id is not None
    back = [(HouseCode.DEFERRED_REVENUE, 126), (HouseCode.TAX_PAYABLE, 24)]
    drafts = [
        TransferDraft(
            id=derived_id(order_id, f"back:{code}"),
            debit_id=house_account_id(code, "USD"),
            credit_id=cast.wallet_id,
            amount_minor=minor,
            currency="USD",
            code=TransferCode.REFUND_TO_WALLET,
            phase=Phase.SINGLE,
            hold_id=None,
            order_id=order_id,
        )
        for code, minor in back
    ]
    ledger.book(cast.account.slot, drafts, NOW + timedelta(days=30))
    assert show_taxes(MARCH, APRIL) == [
        TaxSum("2026-03", "DE", 190_000, "USD", 1, 252, 48, 0, 0),
        TaxSum("2026-04", "DE", 190_000, "USD", 0, 0, 0, 126, 24),
    ]


def test_what_a_payers_bank_took_for_good_counts_when_it_was_lost(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100, tax_rate_ppm=200_000)  # of 3.00, 2.00 are paid by card
    Account.objects.filter(id=cast.account.id).update(country="DE")
    with taxes("holder", RATES):
        order = bought(cast, provider=provider)
    provider.dispute(payment_id_of(order.id))
    follow_disputes(order.id, NOW, told=True)
    sold = TaxSum("2026-03", "DE", 190_000, "USD", 1, 252, 48, 0, 0)
    assert show_taxes(MARCH, APRIL) == [sold], "nothing is lost yet"
    provider.dispute(payment_id_of(order.id), "lost")
    follow_disputes(order.id, NOW + timedelta(days=30), told=True)
    assert show_taxes(MARCH, APRIL) == [
        sold,
        TaxSum("2026-04", "DE", 190_000, "USD", 0, 0, 0, 168, 32),
    ]
    assert balance("tax_payable") == 48 - 32


def test_a_span_that_ends_before_it_begins() -> None:
    assert show_taxes(date(2026, 12, 5), date(2026, 12, 1)) == []
    with pytest.raises(FlowRefused):
        show_taxes(APRIL, MARCH)
