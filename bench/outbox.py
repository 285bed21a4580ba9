"""`make bench-outbox`: reminders that are due at one moment, sent by workers to a sink.

By e-mail to a mail server (aiosmtpd), and by SMS to an SMSC (npm smpp). Before and after each round
the same sink takes as many of the same from plain clients, over as many connections with as wide a
window, which are kept open as ours are. `email_vs_sink`, `sms_vs_sink`: ours a second by theirs.
Then once more for each, while workers are killed by SIGKILL again and again: nothing may be lost,
and no more may come twice than docs/messages.md admits. The last line on stdout is one JSON object;
QUICK=1 says that the bench works, and nothing about speed. REMINDERS: other than 100,000.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

from bench.installation import QUICK, Installation, installation, machine, say
from bench.outbox_base import make_base, remind, sample, waiting, want
from bench.outbox_peers import ANSWERS_AFTER_MS, WINDOW, MailServer, Peer, Smsc

REMINDERS, KILLS = (400, 2) if QUICK else (100_000, 8)
REMINDERS = int(os.environ.get("REMINDERS", REMINDERS))
WORKERS, THREADS = 2, 8
LEASE_S, SHORT_LEASE_S = 300, 10
LONGEST_S = 1800.0


def measure(inst: Installation) -> dict[str, Any]:
    """Both channels, one after the other."""
    os.environ.update(inst.environ | {"KEEPLINE_DATABASE_URL": inst.owner_url})
    peers: list[Peer] = [MailServer(inst.folder), Smsc()]
    for peer in peers:
        inst.environ.update(peer.environ)
    os.environ.update(peers[0].environ | peers[1].environ)
    django.setup()
    figures: dict[str, Any] = {
        "reminders": REMINDERS,
        "smsc_answers_after_ms": ANSWERS_AFTER_MS,
        "smsc_window": WINDOW,
    }
    try:
        make_base(REMINDERS, datetime.now(UTC).replace(microsecond=0))
        for peer in peers:
            want(peer.channel)
            figures |= round_of(inst, peer) | killed(inst, peer)
    finally:
        for peer in peers:
            peer.stop()
    return figures


def round_of(inst: Installation, peer: Peer) -> dict[str, Any]:
    """Theirs, ours, theirs again."""
    remind()
    (inst.folder / "sample").write_bytes(sample(peer.channel))
    before = send_bare(inst, peer)
    ours, cpu_ms = send(inst, peer)
    bare = (before + send_bare(inst, peer)) / 2
    name = peer.channel
    say(f"{name}: {ours:.0f}/s, {bare:.0f}/s bare; {cpu_ms:.2f} ms of a worker for each")
    return {
        f"{name}_vs_sink": round(ours / bare, 3),
        f"{name}_per_s": round(ours, 1),
        f"bare_{name}_per_s": round(bare, 1),
        f"{name}_worker_cpu_ms": round(cpu_ms, 3),
    }


def wait_for(peer: Peer, count: int) -> None:
    """Until it took so many."""
    until = time.monotonic() + LONGEST_S
    while peer.count() < count:
        if time.monotonic() > until:
            raise RuntimeError(f"{peer.count()} of {count} came by {peer.channel}")
        time.sleep(0.05)


def started(command: list[str], environ: dict[str, str]) -> "subprocess.Popen[str]":
    """A process that is ready, and begins when it is told."""
    process = subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def start_worker(inst: Installation, peer: Peer, lease_s: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench.outbox_worker", peer.channel, str(lease_s)]
    return started(command, inst.environ)


@contextmanager
def workers(
    inst: Installation, peer: Peer, lease_s: int
) -> Iterator[list["subprocess.Popen[str]"]]:
    running = [start_worker(inst, peer, lease_s) for _ in range(WORKERS)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def cpu_s(process: "subprocess.Popen[str]") -> float:
    """Processor seconds that it has used. Linux."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def send(inst: Installation, peer: Peer) -> tuple[float, float]:
    """Messages a second, from the moment at which they are due to the last one at the sink; and
    the workers' processor time for each, in ms."""
    peer.forget(keep=False)
    with workers(inst, peer, LEASE_S) as running:
        used = -sum(map(cpu_s, running))
        began = time.perf_counter()
        for process in running:
            go(process)
        wait_for(peer, REMINDERS)
        seconds = time.perf_counter() - began
        used += sum(map(cpu_s, running))
        until = time.monotonic() + LONGEST_S
        while waiting() and time.monotonic() < until:  # what came last is noted before they end
            time.sleep(0.2)
    return REMINDERS / seconds, used / REMINDERS * 1000


def send_bare(inst: Installation, peer: Peer) -> float:
    """Half as many, of plain clients: one message of ours, again and again."""
    peer.forget(keep=False)
    each = REMINDERS // 2 // WORKERS
    command = peer.client(inst.folder / "sample", each, THREADS)
    running = [started(command, dict(os.environ)) for _ in range(WORKERS)]
    began = time.perf_counter()
    for process in running:
        go(process)
    wait_for(peer, each * WORKERS)
    seconds = time.perf_counter() - began
    for process in running:
        process.wait()
    return each * WORKERS / seconds


def killed(inst: Installation, peer: Peer) -> dict[str, Any]:
    """What a round comes to in which workers are killed: lost, sent twice, and what is admitted."""
    from keepline.flows.telling import ways

    peer.forget()
    remind()
    with workers(inst, peer, SHORT_LEASE_S) as running:
        for process in running:
            go(process)
        for number in range(KILLS):
            wait_for(peer, REMINDERS * (number + 1) // (KILLS + 2))
            victim = running[number % WORKERS]
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            running[number % WORKERS] = start_worker(inst, peer, SHORT_LEASE_S)
            go(running[number % WORKERS])
        until = time.monotonic() + LONGEST_S
        while waiting() and time.monotonic() < until:
            time.sleep(0.2)
    taken = peer.taken()
    way = ways.way(peer.channel)
    figures = {
        "kills": KILLS,
        "lost": REMINDERS - len(set(taken)),
        "sent_twice": len(taken) - len(set(taken)),
        "sent_twice_admitted": KILLS * way.share * way.threads,
    }
    if figures["lost"] or figures["sent_twice"] > figures["sent_twice_admitted"]:
        raise RuntimeError(f"killed workers: {figures}")
    return {f"{peer.channel}_{name}": figure for name, figure in figures.items()}


def main() -> None:
    with installation() as inst, suppress(KeyboardInterrupt):
        print(json.dumps(measure(inst) | {"machine": machine()}))


if __name__ == "__main__":
    main()
