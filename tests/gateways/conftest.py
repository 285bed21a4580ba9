"""The provider on a good day, and an empty inbox, for each test."""

import pytest

from tests.gateways.inbox import Inbox
from tests.gateways.sandbox_process import SandboxProcess
from tests.gateways.shared import shared_inbox, shared_sandbox

__all__ = ["shared_inbox", "shared_sandbox"]


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
