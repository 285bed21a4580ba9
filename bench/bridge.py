"""What `keepline serve` would pay for serving open pages as well (docs/decisions/0019): the same
requests, to granian with our WSGI application, and to granian in ASGI mode with a bridge to it.

Both stand on one database, with as many processes and threads; rounds alternate, medians of the
ratios are compared. QUICK=1 says that it works, and nothing about speed.
"""

import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from bench import load
from bench.installation import (
    QUICK,
    Installation,
    free_port,
    installation,
    machine,
    say,
    served,
    wait_for,
)
from bench.renewals import made_base, renewals_of

ROUNDS, SECONDS, CONNECTIONS = (1, 1.5, 16) if QUICK else (3, 8.0, 16)
ACCOUNTS, LINES_EACH, WORKERS = (100, 2, 2) if QUICK else (1000, 4, 2)
THREADS = 12  # those of `serve` with two cores and one provider


def main() -> None:
    """The last line on stdout is JSON."""
    with installation() as inst:
        lines = made_base(inst, ACCOUNTS, LINES_EACH)
        other = replace(inst, port=free_port())
        with served(inst, WORKERS), bridged(other):
            figures = {
                "reads": compared(inst, other, lambda at: accounts_of(at.port, lines), "200"),
                "renewals": compared(inst, other, lambda at: renewals_of(at.port, lines), "201"),
            }
    print(json.dumps(figures | {"machine": machine()}))


@contextmanager
def bridged(inst: Installation) -> Iterator[None]:
    """The rival, on its port."""
    arguments = [str(inst.port), str(WORKERS), str(THREADS)]
    command = [sys.executable, "-m", "bench.bridged", *arguments]
    quiet = subprocess.DEVNULL
    rival = subprocess.Popen(
        command, env=inst.environ, stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        wait_for(inst.port, rival)
        yield
    finally:
        os.killpg(rival.pid, signal.SIGTERM)
        rival.wait(timeout=20)


def accounts_of(port: int, lines: list[list[str]]) -> Iterator[bytes]:
    """The lightest answer that knows who asks."""
    for secret, _ in itertools.cycle(lines):
        yield (
            f"GET /v1/account HTTP/1.1\r\nHost: localhost:{port}\r\n"
            f"Authorization: Bearer {secret}\r\n\r\n"
        ).encode()


def compared(
    inst: Installation,
    other: Installation,
    requests: Callable[[Installation], Iterator[bytes]],
    good: str,
) -> dict[str, object]:
    """Requests a second and their tail, side by side."""
    rounds = []
    for place in (inst, other):
        load.run(place.port, requests(place), CONNECTIONS, 1.5, good)
    for number in range(ROUNDS):
        pair = [
            load.run(place.port, requests(place), CONNECTIONS, SECONDS, good)
            for place in ((inst, other) if number % 2 == 0 else (other, inst))
        ]
        direct, bridge = pair if number % 2 == 0 else reversed(pair)
        say(f"round {number + 1}: {direct.rate:.0f}/s, over the bridge {bridge.rate:.0f}/s")
        rounds.append((direct, bridge))
    return {
        "bridge_vs_serve": round(statistics.median(b.rate / d.rate for d, b in rounds), 3),
        "serve_per_s": round(statistics.median(d.rate for d, _ in rounds)),
        "bridge_per_s": round(statistics.median(b.rate for _, b in rounds)),
        "serve_p99_ms": statistics.median(d.percentile_ms(0.99) for d, _ in rounds),
        "bridge_p99_ms": statistics.median(b.percentile_ms(0.99) for _, b in rounds),
        "serve_failed": sum(sum(d.others.values()) for d, _ in rounds),
        "bridge_failed": sum(sum(b.others.values()) for _, b in rounds),
    }


if __name__ == "__main__":
    main()
