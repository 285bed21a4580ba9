"""`keepline check-ledger` and `keepline audit`, as processes on a test's base."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from keepline.flows import renew_line
from keepline.ledger.models import Wallet
from keepline.lines.models import Validity
from keepline.orders.models import Order
from tests.cast import NOW, Cast, assemble
from tests.flows.acts import request

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(process_environment: dict[str, str]) -> Cast:
    found = assemble()
    renew_line.start(request(found), NOW)
    # The commands live by the real clock, months after the cast's.
    Validity.objects.update(next_action_at=timezone.now() + timedelta(days=1))
    return found


def keepline(
    command: str, environment: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "keepline.cli.main", command, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_good_books(cast: Cast, process_environment: dict[str, str]) -> None:
    ledger = keepline("check-ledger", process_environment)
    assert (ledger.returncode, ledger.stderr) == (0, "")
    first, sums, *checked, last = ledger.stdout.splitlines()
    assert first.startswith("Checked: 2 transfers, 2 wallets, ")
    assert sums == "USD: 700 in wallets, of it 0 set aside (minor units)"
    assert checked
    assert all(line.startswith("ok ") for line in checked)
    assert last == f"All {len(checked)} invariants hold."
    audit = keepline("audit", process_environment)
    assert audit.returncode == 0, audit
    assert len(audit.stdout.splitlines()) > len(ledger.stdout.splitlines())


def test_a_difference_is_named(cast: Cast, process_environment: dict[str, str]) -> None:
    Wallet.objects.filter(id=cast.wallet_id).update(posted_minor=701)
    ledger = keepline("check-ledger", process_environment)
    assert ledger.returncode == 1
    assert f"wallet={cast.wallet_id}  currency=USD  posted_minor=701  posted_by_transfers=700" in (
        ledger.stdout
    )
    assert ledger.stderr == "2 of 14 invariants are broken.\n"


def test_service_without_money_is_named(cast: Cast, process_environment: dict[str, str]) -> None:
    order = Order.objects.get(kind="renewal")
    Order.objects.filter(id=order.id).update(state="failed")
    assert keepline("check-ledger", process_environment).returncode == 0  # the sums are right
    audit = keepline("audit", process_environment)
    assert audit.returncode == 1
    assert f"order={order.id}" in audit.stdout
