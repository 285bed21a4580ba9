"""`keepline doctor`: what it finds in the database."""

from datetime import UTC, datetime, timedelta

import pytest

from keepline.cli.doctor import (
    low_pools,
    refused_webhooks,
    stranded_numbers,
    strange_profiles,
    untold_lines,
)
from keepline.inventory import notices
from keepline.lines import network_due
from keepline.lines.models import NetworkDue
from keepline.payments.models import RefusedWebhooks
from keepline.payments.refused_webhooks import count_one
from keepline.porting.models import PortIn
from keepline.slots.ids import new_id
from tests.cast import assemble
from tests.inventory import shelves

pytestmark = pytest.mark.django_db(transaction=True)


def test_refused_webhooks_are_told_for_a_week(process_environment: dict[str, str]) -> None:
    url = process_environment["KEEPLINE_DATABASE_URL"]
    assert list(refused_webhooks(url)) == []
    now = datetime.now(UTC)
    count_one("paypal", now - timedelta(days=8))
    for days in (0, 0, 1):
        count_one("stripe", now - timedelta(days=days))
    assert RefusedWebhooks.objects.count() == 3
    (told,) = refused_webhooks(url)
    assert told.grade == "warn"
    assert told.says.startswith("3 webhooks that said they came from stripe were refused")


def test_low_pools_are_told_and_no_others(process_environment: dict[str, str]) -> None:
    url = process_environment["KEEPLINE_DATABASE_URL"]
    shelves.numbers(shelves.pool("good", low_count=3), 3)
    assert list(low_pools(url)) == []
    low = shelves.pool("low", low_count=4, low_days=30)
    shelves.numbers(low, 3, shelves.FIRST + 10)
    (told,) = low_pools(url)
    assert (told.grade, told.says) == ("warn", "Pool low is low: 3 are free.")
    shelves.numbers(low, 1, shelves.FIRST + 20, state="assigned", taken_at=datetime.now(UTC))
    (told,) = low_pools(url)
    assert told.says == "Pool low is low: 3 are free, which last for 84 days."


def test_profiles_of_nobody_are_told_for_a_week(process_environment: dict[str, str]) -> None:
    url = process_environment["KEEPLINE_DATABASE_URL"]
    now = datetime.now(UTC)
    for number, (days, outcome) in enumerate(
        [(8, "unknown"), (0, "moved"), (1, "unknown"), (1, "unknown")]
    ):
        at = now - timedelta(days=days)
        said = {"point": 4, "status": "", "outcome": outcome, "occurred_at": at}
        notices.keep(shelves.iccid(number), f"{number:064}", at, **said)
    (told,) = strange_profiles(url)
    assert told.grade == "warn"
    assert "told 2 times of 2 profiles that are not in stock" in told.says


def test_lines_that_the_network_was_not_told_of(process_environment: dict[str, str]) -> None:
    url, now = process_environment["KEEPLINE_DATABASE_URL"], datetime.now(UTC)
    line_id = assemble().line.id
    assert list(untold_lines(url)) == []
    network_due.mark([line_id], now)
    (told,) = untold_lines(url)
    assert (told.grade, told.says) == ("ok", "1 changed lines wait for the network to be told.")
    NetworkDue.objects.update(marked_at=now - timedelta(minutes=11))
    (told,) = untold_lines(url)
    assert told.grade == "warn"
    assert "1 of them for more than 10 minutes" in told.says
    NetworkDue.objects.update(refusal_code="no_imsi")
    (told,) = untold_lines(url)
    assert told.grade == "warn"
    assert "1 lines (no_imsi)" in told.says


@pytest.mark.books_broken  # a number is brought by no order
def test_numbers_without_their_lines(process_environment: dict[str, str]) -> None:
    url, cast = process_environment["KEEPLINE_DATABASE_URL"], assemble()
    assert list(stranded_numbers(url)) == []
    PortIn.objects.create(
        slot=cast.account.slot,
        id=new_id(cast.account.slot),
        account_id=cast.account.id,
        line_id=cast.line.id,
        order_id=new_id(cast.account.slot),
        e164=447700900871,
        wanted_at=datetime.now(UTC),
        stranded_at=datetime.now(UTC),
        stranded_code="network_no_such_card",
    )
    (told,) = stranded_numbers(url)
    assert told.grade == "warn"
    assert "1 numbers came without their lines (network_no_such_card)" in told.says
    PortIn.objects.update(state="returning", return_asked_at=datetime.now(UTC))
    (told,) = stranded_numbers(url)
    assert "1 numbers go back to the operators they came from" in told.says
    PortIn.objects.update(state="returned")
    assert list(stranded_numbers(url)) == []
