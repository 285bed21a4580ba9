"""What the network should give, by what the books say."""

from datetime import UTC, datetime

import pytest

from keepline.core.allowances import Allowance
from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.core.network_service import DesiredService, renewed, standing
from keepline.core.renewal import GraceService

UNTIL = datetime(2027, 5, 3, 22, 0, tzinfo=UTC)
LEFT = Allowance(1000, None, 7)
OFF = DesiredService("off", None, 0, 0, 0)
GRACES: tuple[GraceService, ...] = ("full", "inbound", "none")


@pytest.mark.parametrize("grace", GRACES)
@pytest.mark.parametrize("state", [LineState.READY, LineState.ACTIVE, LineState.PORTING])
def test_a_line_in_service_has_what_is_left(state: LineState, grace: GraceService) -> None:
    assert standing(state, grace, UNTIL, LEFT) == DesiredService("active", UNTIL, 1000, None, 7)
    assert standing(state, grace, None, LEFT) == DesiredService("active", None, 1000, None, 7)


@pytest.mark.parametrize(
    ("grace", "service"),
    [
        ("full", DesiredService("active", None, 1000, None, 7)),
        ("inbound", DesiredService("inbound_only", None, 0, 0, 0)),
        ("none", OFF),
    ],
)
def test_grace_leaves_what_its_policy_says(grace: GraceService, service: DesiredService) -> None:
    assert standing(LineState.GRACE, grace, UNTIL, LEFT) == service


@pytest.mark.parametrize("grace", GRACES)
@pytest.mark.parametrize("state", [LineState.SUSPENDED, LineState.PAUSED, LineState.BLOCKED])
def test_a_line_that_is_cut_has_nothing_to_use(state: LineState, grace: GraceService) -> None:
    assert standing(state, grace, UNTIL, LEFT) == OFF


@pytest.mark.parametrize(
    "state", [LineState.RESERVED, LineState.PROVISIONING, LineState.TERMINATED]
)
def test_a_line_that_is_not_there_has_nothing_at_all(state: LineState) -> None:
    assert standing(state, "full", UNTIL, LEFT) is None


@pytest.mark.parametrize("grace", GRACES)
@pytest.mark.parametrize("state", LineState)
def test_who_can_be_used_was_never_cut(state: LineState, grace: GraceService) -> None:
    """Every state is decided, and none that can only end gives service."""
    service = standing(state, grace, UNTIL, LEFT)
    assert service is None or service.state in ("active", "inbound_only", "off")
    if LINE.allowed(state) == frozenset():
        assert service is None
    if service is not None and LineEvent.EXPIRE in LINE.allowed(state):
        assert service.state == ("off" if state is LineState.PAUSED else "active")


def test_a_renewal_gives_everything_until_its_end() -> None:
    assert renewed(UNTIL, LEFT) == DesiredService("active", UNTIL, 1000, None, 7)
