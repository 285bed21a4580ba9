"""`make bench-outbox`: reminders that are due at one moment, sent by workers to a sink.

Beside each round the same sink takes as many mails of the same size from plain smtplib clients with
as many connections, which are kept open as ours are. `email_vs_sink`: the medians' ratio of mails a
second. Then once more, while workers are killed by SIGKILL again and again: nothing may be lost,
and no more may come twice than docs/messages.md admits. The last line on stdout is one JSON object;
QUICK=1 says that the bench works, and nothing about speed.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

from bench import sweep_base
from bench.installation import QUICK, Installation, free_port, installation, machine, say

REMINDERS, ROUNDS, KILLS = (400, 1, 2) if QUICK else (100_000, 3, 8)
REMINDERS = int(os.environ.get("REMINDERS", REMINDERS))
WORKERS, THREADS = 2, 8
LONGEST_S = 3600.0


class Sink:
    """The mail server, a process of its own: writes down the Message-ID of every mail it takes."""

    def __init__(self, folder: Path) -> None:
        self.port, self.file = free_port(), folder / "sink.txt"
        command = [sys.executable, "-m", "bench.outbox_sink", str(self.port), str(self.file)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def count(self) -> int:
        """How many mails it took."""
        return self.file.read_bytes().count(b"\n")

    def wait(self, count: int) -> None:
        """Until it took so many."""
        until = time.monotonic() + LONGEST_S
        while self.count() < count:
            if time.monotonic() > until:
                raise RuntimeError(f"{self.count()} of {count} mails came")
            time.sleep(0.05)

    def ids(self) -> list[str]:
        """What it wrote down, in order."""
        return self.file.read_text().split()

    def forget(self) -> None:
        """Begins anew."""
        os.truncate(self.file, 0)


def measure(inst: Installation) -> dict[str, Any]:
    """The rounds, then the kills."""
    sink = Sink(inst.folder)
    inst.environ["KEEPLINE_EMAIL_URL"] = f"smtp://127.0.0.1:{sink.port}?tls=none&timeout=30"
    os.environ.update(inst.environ | {"KEEPLINE_DATABASE_URL": inst.owner_url})
    django.setup()
    try:
        at = datetime.now(UTC).replace(microsecond=0)
        make_base(at)
        ours, bare = [], []
        for number in range(ROUNDS):
            ours.append(send(inst, sink))
            bare.append(send_bare(inst, sink))
            say(f"round {number + 1}: {ours[-1]:.0f} mails/s, {bare[-1]:.0f} bare")
        return {
            "email_vs_sink": round(statistics.median(ours) / statistics.median(bare), 3),
            "emails_per_s": round(statistics.median(ours), 1),
            "bare_emails_per_s": round(statistics.median(bare), 1),
            "reminders": REMINDERS,
            **killed(inst, sink),
        }
    finally:
        sink.process.kill()
        sink.process.wait()


def make_base(at: datetime) -> None:
    """Lines that run out in three days, each account's holder with an address of their own."""
    from allauth.account.models import EmailAddress

    from keepline.accounts.models import Account, Membership, User
    from keepline.flows.load_preset import load_preset

    for preset in sweep_base.PRESETS:
        load_preset(preset, "bench", at - timedelta(minutes=2))
    lines = REMINDERS * 5 // 4 + 5  # of five lines two share an account
    sweep_base.fill(lines, lines, 1, 0, at)
    accounts = list(Account.objects.values_list("id", flat=True)[:REMINDERS])
    emails = [f"holder{number:06}@example.org" for number in range(len(accounts))]
    users = User.objects.bulk_create(
        [User(email=email, password="!", language="en") for email in emails], batch_size=5000
    )
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=u, email=u.email, verified=True, primary=True) for u in users],
        batch_size=5000,
    )
    Membership.objects.bulk_create(
        [
            Membership(user=user, account_id=account_id, role="owner")
            for user, account_id in zip(users, accounts, strict=True)
        ],
        batch_size=5000,
    )
    say(f"{len(accounts)} holders")


def remind() -> None:
    """One reminder for each holder, due at one moment and past its gathering."""
    from django.db import connection, transaction

    from keepline.core.telling import GATHERING
    from keepline.messages import services as outbox

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (l.account_id) l.account_id, l.id FROM lines_line l"
            " JOIN accounts_membership m ON m.account_id = l.account_id"
        )
        events = [("line.expiry_near", account, line) for account, line in cursor.fetchall()]
    with transaction.atomic():
        outbox.put_all(events, datetime.now(UTC) - GATHERING - timedelta(seconds=1))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messages_outbox")
        cursor.execute("VACUUM ANALYZE messages_delivery")


@contextmanager
def workers(inst: Installation, count: int, lease_s: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Worker processes that are ready, and begin when they are told."""
    running = [start_worker(inst, lease_s) for _ in range(count)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def start_worker(inst: Installation, lease_s: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.outbox_worker", str(lease_s)],
        env=inst.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def send(inst: Installation, sink: Sink) -> float:
    """Mails a second, from the moment at which they are due to the last one at the sink."""
    sink.forget()
    remind()
    with workers(inst, WORKERS, 300) as running:
        began = time.perf_counter()
        for process in running:
            go(process)
        sink.wait(REMINDERS)
        seconds = time.perf_counter() - began
        time.sleep(1)  # what came last is noted before they end
    return REMINDERS / seconds


def send_bare(inst: Installation, sink: Sink) -> float:
    """The same of plain clients: one mail of ours, again and again under other Message-IDs."""
    sample = inst.folder / "sample.eml"
    sample.write_bytes(sample_mail())
    sink.forget()
    each = -(-REMINDERS // WORKERS)
    command = [sys.executable, "-m", "bench.outbox_client", str(sink.port), str(sample)]
    running = [
        subprocess.Popen(
            [*command, str(each), str(THREADS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(WORKERS)
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    began = time.perf_counter()
    for process in running:
        go(process)
    sink.wait(each * WORKERS)
    seconds = time.perf_counter() - began
    for process in running:
        process.wait()
    return each * WORKERS / seconds


def sample_mail() -> bytes:
    """A reminder as it goes over the line."""
    from keepline.flows.telling import ways
    from keepline.flows.telling.news import news_of, rows_of
    from keepline.flows.telling.way import Letter, Told
    from keepline.gateways.messaging.letters import mail_of, sender_of
    from keepline.messages.models import Outbox

    event, now = Outbox.objects.first(), datetime.now(UTC)
    assert event is not None
    way = ways.way("email")
    (addressee,) = way.addressees([event.account_id])[event.account_id]
    told = Told(event, news_of(event, rows_of([event]), now))
    message = way.write(Letter(event.id, addressee, [told]))
    return mail_of(message, sender_of("Keepline <no-reply@example.org>"), now)


def killed(inst: Installation, sink: Sink) -> dict[str, Any]:
    """What a round comes to in which workers are killed: lost, sent twice, and what is admitted."""
    from keepline.flows.telling import ways

    sink.forget()
    remind()
    with workers(inst, WORKERS, 10) as running:
        for process in running:
            go(process)
        for number in range(KILLS):
            sink.wait(REMINDERS * (number + 1) // (KILLS + 2))
            victim = running[number % WORKERS]
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            running[number % WORKERS] = start_worker(inst, 10)
            go(running[number % WORKERS])
        until = time.monotonic() + LONGEST_S
        while waiting() and time.monotonic() < until:
            time.sleep(0.2)
    ids = sink.ids()
    way = ways.way("email")
    admitted = KILLS * way.share * way.threads
    figures = {
        "kills": KILLS,
        "lost": REMINDERS - len(set(ids)),
        "sent_twice": len(ids) - len(set(ids)),
        "sent_twice_admitted": admitted,
    }
    if figures["lost"] or figures["sent_twice"] > admitted:
        raise RuntimeError(f"killed workers: {figures}")
    return figures


def waiting() -> bool:
    """Whether anything is not at rest yet."""
    from keepline.messages.models import Delivery, Outbox

    return any(table.objects.filter(due_at__isnull=False).exists() for table in (Outbox, Delivery))


def main() -> None:
    with installation() as inst, suppress(KeyboardInterrupt):
        print(json.dumps(measure(inst) | {"machine": machine()}))


if __name__ == "__main__":
    main()
