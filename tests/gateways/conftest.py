"""One provider process and one inbox for all tests of a module that do not kill it."""

from collections.abc import Iterator

import pytest

from tests.gateways.inbox import Inbox, open_inbox
from tests.gateways.sandbox_process import SandboxProcess, sandbox_process


@pytest.fixture(scope="module")
def shared_inbox() -> Iterator[Inbox]:
    with open_inbox() as inbox:
        yield inbox


@pytest.fixture(scope="module")
def shared_sandbox(
    tmp_path_factory: pytest.TempPathFactory, shared_inbox: Inbox
) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("provider")
    with sandbox_process(folder, f"{shared_inbox.url}/hook") as process:
        yield process


@pytest.fixture
def inbox(shared_inbox: Inbox) -> Inbox:
    """Emptied for each test."""
    shared_inbox.webhooks.clear()
    shared_inbox.statuses.clear()
    shared_inbox.returns.clear()
    return shared_inbox


@pytest.fixture
def sandbox(shared_sandbox: SandboxProcess, inbox: Inbox) -> SandboxProcess:
    """The running provider, on a good day again, with nothing waiting from earlier tests."""
    shared_sandbox.call("DELETE", "/control/behaviour").raise_for_status()
    return shared_sandbox
