"""A real osmo-hlr killed in the middle of a thousand renewals, with real workers and breakers.

Every renewal ends confirmed or refunded, and HLR and books agree line by line. The HLR is away for
5 seconds; with KILLS=all (`make kills`) for 30.
"""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.utils import timezone

from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.reconcile_network import reconcile_network
from keepline.gateways import switchboard
from keepline.inventory.models import SimIdentity
from keepline.ledger.models import Wallet
from keepline.lines.models import Extension
from keepline.orders.models import Order
from tests.cast import Cast, assemble, line
from tests.flows.acts import request
from tests.gateways.hlr_process import HOST, HlrProcess, hlr

__all__ = ["hlr"]

pytestmark = [pytest.mark.osmo_hlr, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

RENEWALS = 1000
AWAY_S = 30.0 if os.environ.get("KILLS") == "all" else 5.0
WORKERS = 2
ENDS_WITHIN_S = 300.0
FIRST = 819_000_000_000
ENDED = [OrderState.COMPLETED, OrderState.WITHDRAWN, OrderState.FAILED]


def test_all_end_confirmed_or_refunded_and_hlr_and_books_agree(
    hlr: HlrProcess, process_environment: dict[str, str], tmp_path: Path
) -> None:
    now = timezone.now()
    cast = assemble(wallet_minor=300 * RENEWALS, delivery="network")
    lines = with_cards(cast, now)
    hlr.fill([(imsi(place), str(FIRST + place)) for place in range(RENEWALS)])
    for line_id in lines:
        renew_line.start(request(cast, line_id=line_id, key=str(line_id)), now)
    environ = process_environment | {"KEEPLINE_HLR_HOST": HOST, "KEEPLINE_DATA": str(tmp_path)}
    switched_on: list[int] = []
    killer = threading.Thread(target=kill_in_the_middle, args=(hlr, switched_on))
    with workers(environ, tmp_path):
        killer.start()
        rested = wait_for_rest(time.monotonic() + ENDS_WITHIN_S)
        killer.join(60)
    assert rested, f"{Counter(Order.objects.values_list('state', flat=True))}: not at rest"
    assert 0 < switched_on[0] < RENEWALS, "it was killed in the middle"

    states = Counter(Order.objects.filter(kind="renewal").values_list("state", flat=True))
    completed = states[OrderState.COMPLETED]
    assert sum(states[state] for state in ENDED) == RENEWALS
    assert Extension.objects.filter(order_id__in=renewals()).count() == completed
    wallet = Wallet.objects.by_id(cast.wallet_id)
    assert (wallet.posted_minor, wallet.pending_minor) == (300 * (RENEWALS - completed), 0)

    with connected(hlr):
        result = reconcile_network("test", timezone.now(), None)
    nameless = 1  # the cast's own line
    agreed = (RENEWALS, nameless, {})
    assert (result.compared, result.left_alone, dict(result.differences)) == agreed


@contextmanager
def connected(hlr: HlrProcess) -> Iterator[None]:
    before = switchboard._factories["network"]
    switchboard.connect("network", hlr.adapter)
    try:
        yield
    finally:
        switchboard.connect("network", before)


def imsi(place: int) -> str:
    return f"00101{place:010d}"


def with_cards(cast: Cast, now: datetime) -> list[UUID]:
    """A thousand lines of one holder, whose cards and numbers the HLR has."""
    cards = [f"89811{place:014d}" for place in range(RENEWALS)]
    SimIdentity.objects.bulk_create(
        [
            SimIdentity(iccid=iccid, kind="card", imsi=imsi(place))
            for place, iccid in enumerate(cards)
        ]
    )
    until = now + timedelta(days=10)
    made = [
        line(cast.account, cast.plan, e164=FIRST + place, iccid=iccid, valid_until=until)
        for place, iccid in enumerate(cards)
    ]
    return [each.id for each in made]


def renewals() -> list[UUID]:
    return list(Order.objects.filter(kind="renewal").values_list("id", flat=True))


def kill_in_the_middle(hlr: HlrProcess, switched_on: list[int]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if sum(ps for _, _, ps in hlr.rows().values()) >= RENEWALS // 10:
            break
        time.sleep(0.005)
    hlr.kill()
    switched_on.append(sum(ps for _, _, ps in hlr.rows().values()))
    time.sleep(AWAY_S)
    hlr.start()


def wait_for_rest(until: float) -> bool:
    """Until every renewal has ended and nobody looks at it any more."""
    waiting = Order.objects.filter(kind="renewal")
    while time.monotonic() < until:
        if not (waiting.exclude(state__in=ENDED) | waiting.exclude(next_action_at=None)).exists():
            return True
        time.sleep(0.5)
    return False


@contextmanager
def workers(environ: dict[str, str], folder: Path) -> Iterator[None]:
    """Worker processes as an installation has them."""
    command = [sys.executable, "-m", "keepline.cli.main", "worker"]
    with (folder / "workers.log").open("ab") as log:
        running = [
            subprocess.Popen(command, env=environ, stdout=log, stderr=log) for _ in range(WORKERS)
        ]
        try:
            yield
        finally:
            for each in running:
                each.kill()
                each.wait()
