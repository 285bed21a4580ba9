"""`keepline tax`, as a process on a test's base: CSV in each currency's own decimals."""

from datetime import UTC, datetime

import pytest

from keepline.accounts.models import Account
from keepline.orders.models import Order, OrderKind
from keepline.slots.ids import new_id
from tests.cast import NOW, Cast, assemble
from tests.cli.test_audit import keepline

pytestmark = pytest.mark.django_db(transaction=True)


def sold(cast: Cast, currency: str, total_minor: int, tax_minor: int, rate_ppm: int) -> None:
    """As far as a report looks at it."""
    order_id = new_id(cast.account.slot)
    Order.objects.create(
        slot=cast.account.slot,
        id=order_id,
        account_id=cast.account.id,
        line_id=cast.line.id,
        wallet_id=cast.wallet_id,
        kind=OrderKind.RENEWAL,
        state="completed",
        currency=currency,
        subtotal_minor=total_minor,
        tax_minor=tax_minor,
        tax_country="XK" if currency == "KWD" else "FI",
        tax_rate_ppm=rate_ppm,
        total_minor=total_minor,
        wallet_minor=total_minor,
        actor="user:1",
        channel="portal",
        seller="house",
        accepted_at=NOW,
        completed_at=datetime(2026, 3, 31, 23, 59, tzinfo=UTC),
    )


@pytest.mark.books_broken  # orders without extensions and money
def test_the_report(process_environment: dict[str, str]) -> None:
    cast = assemble()
    sold(cast, "KWD", 3071, 280, 100_000)
    sold(cast, "JPY", 1100, 224, 255_000)
    told = keepline("tax", process_environment, "report", "--from", "2026-03")
    assert told.stdout.splitlines() == [
        "month,country,rate_percent,currency,orders,net,tax,net_returned,tax_returned",
        "2026-03,FI,25.5,JPY,1,876,224,0,0",
        "2026-03,XK,10,KWD,1,2.791,0.280,0.000,0.000",
    ], told.stderr
    wrong = keepline("tax", process_environment, "report", "--from", "2026-03", "--to", "2026-01")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "The span ends before it begins." in wrong.stderr


def test_countries_are_filled_in(process_environment: dict[str, str]) -> None:
    cast = assemble()
    Account.objects.filter(id=cast.account.id).update(contact_phone="+4915112345678")
    told = keepline("tax", process_environment, "countries")
    assert told.stdout == "DE  1\n1 accounts have a country now.\n", told.stderr
    assert Account.objects.by_id(cast.account.id).country == "DE"
