"""The provider and the network that outlive us, and workers that work here and now."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keepline.gateways import switchboard
from tests.books import books_are_right
from tests.gateways.inbox import Inbox
from tests.gateways.sandbox_process import SandboxProcess
from tests.gateways.shared import shared_inbox, shared_sandbox

__all__ = ["books_are_right", "shared_inbox", "shared_sandbox"]


class OneByOne:
    """Stands where workers have their threads: a fork has only one."""

    map = staticmethod(map)


@pytest.fixture
def outside(
    shared_sandbox: SandboxProcess,
    shared_inbox: Inbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Any]:
    # Imported late: a conftest named on the command line is read before Django is set up.
    from keepline.workers import due
    from tests.crash.world import Outside

    shared_inbox.webhooks.clear()
    shared_sandbox.call("DELETE", "/control/behaviour").raise_for_status()
    monkeypatch.setattr(due, "_pool", OneByOne)
    before = dict(switchboard._factories), switchboard.public_url()
    there = Outside(shared_sandbox, shared_inbox, tmp_path)
    there.connect()
    yield there
    for port, factory in before[0].items():
        switchboard.connect(port, factory)
    switchboard.announce(before[1])
