"""Workers killed with -9 while an SMSC that is not ours hands over messages."""

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

from keepline.messages import inbox_queries
from keepline.messages.heard_models import Heard
from keepline.messages.inbox_models import ReceivedMessage
from tests.cast import assemble
from tests.flows.inboxes import E164, numbered
from tests.gateways.smsc_process import SmscProcess, smsc

__all__ = ["smsc"]
pytestmark = [pytest.mark.smsc, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
RECEIVED, IN_PARTS = 150, 30
KILLS = 3
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
