"""Every way in which a line may differ has one name, and a policy mends only what it may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.network_drift import Drift, Policy, drift_of, may_repair
from keepline.core.network_service import DesiredService, ServiceState

STATES: list[ServiceState | None] = [None, "off", "inbound_only", "active", "other"]


def service(state: ServiceState | None) -> DesiredService | None:
    return None if state is None else DesiredService(state, None, None, None, None)


services = st.sampled_from(STATES).map(service)


@pytest.mark.parametrize(
    ("wanted", "number", "held", "held_number", "drift"),
    [
        ("active", 1, "active", 1, None),
        (None, 1, None, None, None),
        ("active", 1, None, None, Drift.MISSING),
        (None, 1, "off", 1, Drift.NOT_WANTED),
        ("active", 1, "off", 1, Drift.OTHER_SERVICE),
        ("active", 1, "off", 2, Drift.OTHER_SERVICE),
        ("active", 1, "active", 2, Drift.OTHER_NUMBER),
        ("active", None, "active", 2, Drift.OTHER_NUMBER),
        ("off", 1, "other", 1, Drift.OTHER_SERVICE),
    ],
)
def test_each_difference_has_a_name(
    wanted: ServiceState | None,
    number: int | None,
    held: ServiceState | None,
    held_number: int | None,
    drift: Drift | None,
) -> None:
    assert drift_of(service(wanted), number, service(held), held_number) is drift


@given(services, services)
def test_give_and_take_share_what_can_be_compared(
    wanted: DesiredService | None, held: DesiredService | None
) -> None:
    assert may_repair(Policy.ALL, wanted, held)
    give, take = (may_repair(policy, wanted, held) for policy in (Policy.GIVE, Policy.TAKE))
    unclear = "other" in {each.state for each in (wanted, held) if each}
    assert (give, take) == (False, False) if unclear else give is not take


def test_give_never_takes_service_away() -> None:
    assert not may_repair(Policy.GIVE, service("off"), service("active"))
    assert not may_repair(Policy.GIVE, None, service("off"))
    assert may_repair(Policy.GIVE, service("active"), None)
