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
