"""Workers killed with -9 while an SMSC that is not ours hands over messages, and takes them."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from keepline.accounts.models import Account, User
from keepline.messages import inbox_queries
from keepline.messages import services as outbox
from keepline.messages.heard_models import Heard
from keepline.messages.inbox_models import ReceivedMessage
from keepline.messages.models import Delivery
from keepline.messages.preferences import recipient_of
from tests.cast import account, assemble
from tests.flows.inboxes import E164, numbered
from tests.gateways.smsc_process import SmscProcess, smsc

__all__ = ["smsc"]
pytestmark = [pytest.mark.smsc, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
RECEIVED, IN_PARTS = 150, 30
KILLS = 3
SENT, BEFORE_A_KILL = 120, 70  # so that a share has been noted, and others are under way
ENDS_WITHIN_S = 200.0


class Workers:
    """Two worker processes; one that is killed is replaced."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self._environ = environ
        self._log = (folder / "workers.log").open("ab")
        self._running = [self._start() for _ in range(2)]

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "keepline.cli.main", "worker"]
        return subprocess.Popen(command, env=self._environ, stdout=self._log, stderr=self._log)

    def kill_one(self) -> None:
        victim = self._running.pop(0)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self._running.append(self._start())

    def kill_all(self) -> None:
        for each in self._running:
            each.send_signal(signal.SIGKILL)
            each.wait()
        self._running = []

    def start(self) -> None:
        self._running = [self._start() for _ in range(2)]

    def end(self) -> None:
        for each in self._running:
            each.kill()
            each.wait()
        self._log.close()


@contextmanager
def workers(
    smsc: SmscProcess, environ: dict[str, str], folder: Path, **options: Any
) -> Iterator[Workers]:
    url = smsc.url(**{"rate": 200, "timeout": 10, **options})
    running = Workers(environ | {"KEEPLINE_SMS_URL": url, "KEEPLINE_DATA": str(folder)}, folder)
    try:
        smsc.wait_for(2, timeout_s=90)
        yield running
    finally:
        running.end()


def wait_until(is_so: Any, what: str) -> None:
    until = time.monotonic() + ENDS_WITHIN_S
    while not is_so():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def a_flood() -> tuple[list[dict[str, Any]], set[str]]:
    """Messages as an SMSC holds them, in any order, and their texts."""
    to = {"source_addr": "8613800138000", "destination_addr": str(E164)}
    whole = [f"Your code is {number:06d}" for number in range(RECEIVED)]
    messages: list[dict[str, Any]] = [{**to, "text": text} for text in whole]
    joined = []
    for number in range(IN_PARTS):
        parts = [f"您的验证码 {number} ", "请勿泄露", " 🎉"]
        joined.append("".join(parts))
        messages += [
            {**to, "text": text, "data_coding": 8, "udh": f"050003{number:02x}03{place:02x}"}
            for place, text in enumerate(parts, 1)
        ]
    messages += random.Random(7).sample(messages, 40)  # some come twice in any case
    random.Random(8).shuffle(messages)
    return messages, {*whole, *joined}


def test_nothing_that_comes_is_lost_and_nothing_is_there_twice(
    smsc: SmscProcess, process_environment: dict[str, str], tmp_path: Path
) -> None:
    now = timezone.now()
    fields = {"valid_until": now + timedelta(days=20)}
    stage = numbered(assemble(line_fields=fields), since=now)
    messages, texts = a_flood()
    with workers(smsc, process_environment, tmp_path) as running:
        smsc.do("flood", messages=messages)
        for nth in range(1, KILLS + 1):
            few = RECEIVED * nth // (KILLS + 2)
            wait_until(lambda few=few: ReceivedMessage.objects.count() >= few, f"{few} came")
            running.kill_one()
        wait_until(lambda: smsc.state()["pending"] == 0, "all are acknowledged")
        wait_until(lambda: not Heard.objects.filter(done_at=None).exists(), "all are joined")
    found = inbox_queries.messages_of(stage.account.id, stage.line.id, timezone.now(), 1000)
    assert Counter(message.text for message in found) == Counter(texts)
    assert not Heard.objects.exclude(sealed="").exists()


def reachable(count: int) -> dict[str, str]:
    """Holders with a mobile number alone, each of an account: the number, and how our books name
    who has it."""
    holders = {}
    for number in range(1, count + 1):  # this SMSC knows no number that ends in 0000
        holder = User.objects.create(phone=f"+4477009{number:05}", phone_verified=True)
        account(holder)
        holders[f"4477009{number:05}"] = recipient_of(holder.pk)
    return holders


def noted(holders: dict[str, str]) -> set[str]:
    """The numbers of those whose message is known to be taken."""
    sent = set(Delivery.objects.filter(outcome="sent").values_list("recipient", flat=True))
    return {number for number, recipient in holders.items() if recipient in sent}


def test_nothing_that_goes_out_is_lost_and_nothing_that_was_noted_goes_twice(
    smsc: SmscProcess, process_environment: dict[str, str], tmp_path: Path
) -> None:
    """In each kill all workers die; what they had in hand is due again when its lease ends."""
    smsc.behave(slow_ms=40)
    holders = reachable(SENT)
    came: Counter[str] = Counter()
    safe: set[str] = set()
    with workers(smsc, process_environment, tmp_path, window=4) as running:
        for account_id in Account.objects.values_list("id", flat=True):
            outbox.put_notice("endpoint.switched_off", account_id, timezone.now())
        for _ in range(2):
            until = smsc.count() + BEFORE_A_KILL
            wait_until(lambda until=until: smsc.count() >= until or _all_rest(), "some were sent")
            running.kill_all()
            assert {number: came[number] for number in safe} == _came(smsc, safe)
            came, safe = Counter(_taken(smsc)), noted(holders)
            Delivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
            running.start()
        wait_until(_all_rest, "all are noted")
    assert _came(smsc, safe) == {number: came[number] for number in safe}
    assert set(_taken(smsc)) == noted(holders) == holders.keys()


def _all_rest() -> bool:
    return Delivery.objects.filter(due_at=None).count() == SENT


def _taken(smsc: SmscProcess) -> list[str]:
    return [submit["to"] for submit in smsc.submits()]


def _came(smsc: SmscProcess, numbers: set[str]) -> dict[str, int]:
    times = Counter(_taken(smsc))
    return {number: times[number] for number in numbers}
