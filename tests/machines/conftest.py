"""How long the machines run: a little in CI, longer by `make soak` (SOAK=number of runs)."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.limits import hardly_any


@pytest.fixture(autouse=True)
def hardly_any_limits() -> Iterator[None]:
    """What the machines are about is not fraud."""
    with hardly_any():
        yield


@pytest.fixture
def effort() -> settings:
    """Runs and steps of one state machine."""
    soak = int(os.environ.get("SOAK", "0"))
    return settings(
        max_examples=soak or 12,
        stateful_step_count=60 if soak else 30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=False,
        print_blob=True,
    )
