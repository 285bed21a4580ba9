"""`make bench-delivery`: renewals delivered by a worker through a real osmo-hlr, beside bare CTRL.

Delivered: due renewals that need the network, taken by `workers.due.advance_orders` in one process
as a worker takes them, until each is confirmed by what was read back, booked and at rest.

Bare CTRL: what the same renewals need of the HLR and nothing else, said by thirty lines that know
no database: for each one after the other, over one connection, each answer awaited before the next
word: two looks (who has the card, who has the number), two changes (calls on, data on), two looks.
Keepline says the same six, many under way at once; `ctrl_many_per_s` is the bare rate with 64 under
way on one connection, for whoever wants to know what is left to be had.

Then `keepline reconcile-network`'s flow compares a base of 100,000 lines with the same HLR, which
differs in one line of a thousand: `reconcile_100k_s` seconds (QUICK: of a smaller base).

Both start from the same subscribers without service, in alternating rounds; medians are compared.
The last line on stdout is one JSON object. QUICK=1 says that the bench works, and nothing of speed.
"""

import json
import os
import socket
import sqlite3
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import django

from bench.installation import QUICK, Installation, installation, machine, say
from tests.gateways.hlr_process import CTRL_PORT, HOST, VTY_PORT, HlrProcess, hlr_process

LINES, ROUNDS = (200, 1) if QUICK else (2000, 3)
LINES = int(os.environ.get("LINES", LINES))
EACH = 3 if QUICK else 50  # lines an account: one of them is renewed, all are compared
AT_ONCE = 64
DRIFT = 1000  # one line in so many
ALL_ON, ALL_OFF = (1, 1), (0, 0)


def msisdn(place: int) -> int:
    return 819_000_000_000 + place


def imsi(place: int) -> str:
    return f"00101{place:010d}"


def iccid(place: int) -> str:
    return f"89811{place:014d}"


def measure(inst: Installation, hlr: HlrProcess) -> dict[str, Any]:
    """The figures, all of one run."""
    os.environ.update(inst.environ)
    os.environ |= {"KEEPLINE_HLR_HOST": HOST, "KEEPLINE_HLR_CTRL_PORT": str(CTRL_PORT)}
    os.environ["KEEPLINE_HLR_VTY_PORT"] = str(VTY_PORT)
    django.setup()
    lines = make_base()
    hlr.fill((imsi(place), str(msisdn(place))) for place in range(LINES * EACH))
    rounds: list[tuple[float, float, float]] = []
    for number in range(ROUNDS):
        switch(hlr, *ALL_OFF)
        bare = LINES / bare_seconds(1)
        switch(hlr, *ALL_OFF)
        many = LINES / bare_seconds(AT_ONCE)
        switch(hlr, *ALL_OFF)
        delivered = LINES / delivered_seconds(lines, number)
        rounds.append((delivered, bare, many))
        say(f"round {number + 1}: {delivered:.0f}/s delivered, bare {bare:.0f}/s, {many:.0f}/s")
        served = sum(row[1:] == (True, True) for row in hlr.rows().values())
        if served != LINES:
            raise RuntimeError(f"{served} lines have service at the HLR")
    middle = [statistics.median(each) for each in zip(*rounds, strict=True)]
    return {
        "delivered_vs_ctrl": round(statistics.median(d / b for d, b, _ in rounds), 3),
        "delivered_per_s": round(middle[0]),
        "ctrl_per_s": round(middle[1]),
        "ctrl_many_per_s": round(middle[2]),
        "renewals_a_round": LINES,
        "reconcile_100k_s": round(compared_seconds(hlr), 1),
        "reconciled_lines": LINES * EACH,
        "books": books(inst),
    }


NAMES = """
UPDATE lines_line l SET e164 = %(first)s + n.place, iccid = '89811' || lpad(n.place::text, 14, '0')
FROM (SELECT slot, id, row_number() OVER (ORDER BY id) - 1 AS place FROM lines_line) n
WHERE l.slot = n.slot AND l.id = n.id
"""


def make_base() -> list[tuple[Any, Any]]:
    """Accounts with lines whose cards and numbers an HLR knows; (account, line) ids of one each."""
    from django.db import connection

    from bench import base
    from keepline.catalog.models import Plan
    from keepline.inventory.models import SimIdentity
    from keepline.lines.models import Line

    with redirect_stdout(StringIO()):  # tokens
        base.main(LINES, EACH)
    Plan.objects.update(delivery="network")
    with connection.cursor() as cursor:
        cursor.execute(NAMES, {"first": msisdn(0)})
    cards = [SimIdentity(iccid=iccid(n), imsi=imsi(n)) for n in range(LINES * EACH)]
    SimIdentity.objects.bulk_create(cards, batch_size=5000)
    return list(Line.objects.order_by("id").values_list("account_id", "id"))[::EACH]


def switch(hlr: HlrProcess, cs: int, ps: int) -> None:
    """Everybody's access; the HLR reads its database for every answer."""
    with closing(sqlite3.connect(hlr.database, timeout=30)) as database, database:
        database.execute("UPDATE subscriber SET nam_cs = ?, nam_ps = ?", (cs, ps))


def bare_seconds(at_once: int) -> float:
    """What a round takes on one bare connection, `at_once` requests under way."""
    requests = []
    for place in range(0, LINES * EACH, EACH):
        by_imsi = f"subscriber.by-imsi-{imsi(place)}"
        look = [f"GET 1 {by_imsi}.info", f"GET 1 subscriber.by-msisdn-{msisdn(place)}.info"]
        requests += [*look, f"SET 1 {by_imsi}.cs-enabled 1", f"SET 1 {by_imsi}.ps-enabled 1", *look]
    with socket.create_connection((HOST, CTRL_PORT)) as ctrl:
        ctrl.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        for start in range(0, len(requests), at_once):
            said(ctrl, requests[start : start + at_once])
        return time.perf_counter() - began


def said(ctrl: socket.socket, requests: Sequence[str]) -> None:
    """Sends them and reads as many answers."""
    ctrl.sendall(b"".join(struct.pack("!HH", len(r) + 1, 0xEE00) + r.encode() for r in requests))
    buffer, answers = b"", 0
    while answers < len(requests):
        buffer += ctrl.recv(65536)
        while len(buffer) >= 2 and len(buffer) >= (size := 3 + int.from_bytes(buffer[:2])):
            if not buffer.startswith((b"GET_REPLY", b"SET_REPLY"), 4):
                raise RuntimeError(f"the HLR says {buffer[4:size]!r}")
            buffer, answers = buffer[size:], answers + 1


def delivered_seconds(lines: Sequence[tuple[Any, Any]], number: int) -> float:
    """What a worker takes for a renewal of each line, from due to done."""
    from django.utils import timezone

    from keepline.flows import renew_line
    from keepline.orders.models import Order
    from keepline.workers import due

    for account_id, line_id in lines:
        renew_line.start(
            renew_line.RenewalRequest(
                account_id=account_id,
                line_id=line_id,
                plan_code="bench-1m",
                currency="USD",
                use_wallet="only",
                provider=None,
                key=f"{number}-{line_id}",
                expected_total_minor=None,
                actor="bench",
                channel="api",
            ),
            timezone.now(),
        )
    began = time.perf_counter()
    due.advance_orders()
    seconds = time.perf_counter() - began
    waiting = Order.objects.filter(kind="renewal").exclude(state="completed").count()
    if waiting:
        raise RuntimeError(f"{waiting} renewals are not completed")
    return seconds


def compared_seconds(hlr: HlrProcess) -> float:
    """What comparing every line takes."""
    from django.utils import timezone

    from keepline.flows.reconcile_network import reconcile_network

    switch(hlr, *ALL_ON)
    with closing(sqlite3.connect(hlr.database, timeout=30)) as database, database:
        database.execute("UPDATE subscriber SET nam_ps = 0 WHERE id % ? = 0", (DRIFT,))
    began = time.perf_counter()
    result = reconcile_network("bench", timezone.now(), None)
    seconds = time.perf_counter() - began
    if (result.compared, result.left) != (LINES * EACH, LINES * EACH // DRIFT):
        raise RuntimeError(f"not what was expected: {result}")
    return seconds


def books(inst: Installation) -> str:
    """`keepline check-ledger` after it all: clean, or the measurement is worth nothing."""
    command = [sys.executable, "-m", "keepline.cli.main", "check-ledger"]
    done = subprocess.run(command, env=inst.environ, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    return "clean"


def main() -> None:
    """One installation, one HLR."""
    with installation() as inst:
        folder = Path(inst.folder) / "hlr"
        folder.mkdir()
        with hlr_process(folder) as hlr:
            figures = measure(inst, hlr)
    print(json.dumps(figures | {"machine": machine()}))


if __name__ == "__main__":
    main()
