"""Tells workers that something is due now. The due column is the truth; this saves the wait.

A wake-up that is lost costs a few seconds until the next look; it is sent after commit and never
fails a flow.
"""

import structlog
from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

log = structlog.get_logger(__name__)


def orders() -> None:
    """Orders are due."""
    transaction.on_commit(lambda: _defer("advance_orders"))


def outbox() -> None:
    """Messages are due."""
    transaction.on_commit(lambda: _defer("send_outbox"))


def network() -> None:
    """Lines changed of which the network must be told."""
    transaction.on_commit(lambda: _defer("follow_network"))


def ports() -> None:
    """A holder keeps a number that was to leave: the clearing house must be told."""
    transaction.on_commit(lambda: _defer("follow_ports"))


def future(key: str) -> None:
    """Somebody waits for the future of a large base (flows/foreseeing/asking.py)."""
    transaction.on_commit(lambda: _defer("show_future", lock=key, key=key))


def _defer(task: str, lock: str = "", **arguments: str) -> None:
    try:
        app.configure_task(task, queueing_lock=lock or task).defer(**arguments)
    except AlreadyEnqueued:
        pass  # somebody else's wake-up serves this one too
    except ConnectorException as error:
        log.warning("wake_up_lost", task=task, error=str(error))
