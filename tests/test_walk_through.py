"""The commands of docs/api/README.md, run by a shell as they stand there."""

import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.gateways import switchboard
from keepline.gateways.identity.port import Check, CheckRequest
from keepline.messages import services as outbox
from tests.cast import PASSWORD, Cast, assemble
from tests.doubles import FakeProvider, Mailbox, ScriptedNetwork
from tests.flows.endpoints import connect
from tests.flows.inboxes import arrives, numbered
from tests.identity import ScriptedChecker
from tests.inventory import shelves
from tests.porting import ScriptedHouse

README = Path(__file__).resolve().parent.parent / "docs/api/README.md"
BLOCKS = re.findall(
    r"^```sh\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
# Ends with the first command that fails, and says of each request what was answered.
PRELUDE = r"""
set -euo pipefail
curl() { command curl -w '%{stderr}%{http_code} %{method} %{url_effective}\n' "$@"; }
"""


class CheckerOfThreads(ScriptedChecker):
    """One that each thread of the server opens for itself."""

    def start(self, request: CheckRequest) -> Check:
        return ScriptedChecker(self.path).start(request)


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[None]:
    before = dict(switchboard._factories)
    switchboard.connect("payments:sandbox", FakeProvider)
    switchboard.connect("network", ScriptedNetwork)
    switchboard.connect("email", Mailbox)
    switchboard.connect("porting", ScriptedHouse)
    switchboard.connect("identity", lambda: CheckerOfThreads(tmp_path / "identity.sqlite3"))
    connect()
    yield
    switchboard._factories.clear()
    for port, factory in before.items():
        switchboard.connect(port, factory)


@pytest.fixture
def stage(transactional_db: None, ports: None) -> Cast:
    """Alice as the page has her: a line with a number that has received something, and stock."""
    now = timezone.now()
    cast = numbered(
        assemble(
            wallet_minor=5000,
            currency="EUR",
            code="ka-1m",
            price_minor=280,
            line_fields={"valid_until": now + timedelta(days=10)},
        ),
        since=now - timedelta(days=400),
    )
    arrives(now)
    with transaction.atomic():
        outbox.put_all([("line.blocked", cast.account.id, cast.line.id)], now)
    shelves.numbers(shelves.pool("uk"), 3, first=447700900600)
    shelves.profiles(
        shelves.pool("esim", "profile"), 3, smdp_address="smdp.example.com", matching_id="A-B"
    )
    Policy.objects.update(port_out_after_days=0)
    catalog.forget()
    return cast


def test_each_command_of_the_page_is_answered(
    stage: Cast, live_server: Any, tmp_path: Path
) -> None:
    script = PRELUDE + "".join(BLOCKS)
    for placeholder, real in (
        ("http://localhost:8000", live_server.url),
        ('"password": "..."', f'"password": "{PASSWORD}"'),
    ):
        assert placeholder in script
        script = script.replace(placeholder, real)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    answers = re.findall(r"^(\d{3}) (\w+) \S+?(/v1/\S+)$", done.stderr, re.MULTILINE)
    assert [one for one in answers if not one[0].startswith("2")] == [], done.stdout
    assert done.returncode == 0, done.stderr
    requests = sum(len(re.findall(r"(?:curl -si?|(?<!\w)api [A-Z]+) ", block)) for block in BLOCKS)
    assert len(answers) == requests - 1, "the definition of `api` is no request"
