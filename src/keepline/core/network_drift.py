"""What the network holds of a line, beside what the books say it should: one name for a difference.

Compared are the number and the state of the service, which every network keeps. What is left to use
is counted there and not stated, and an expiry ends a service by itself where it is kept at all.
"""

from enum import StrEnum

from keepline.core.network_service import DesiredService, ServiceState

__all__ = ["Drift", "Policy", "drift_of", "may_repair"]


class Drift(StrEnum):
    """How a line differs."""

    MISSING = "missing"  # should be there, and is not
    NOT_WANTED = "not_wanted"  # is there, and should not be
    OTHER_NUMBER = "other_number"
    OTHER_SERVICE = "other_service"  # also when the number is another as well


class Policy(StrEnum):
    """Which differences a repair may mend: all; what gives service; what takes service away."""

    ALL = "all"
    GIVE = "give"
    TAKE = "take"


RANK: dict[ServiceState, int] = {"off": 1, "inbound_only": 2, "active": 3}


def drift_of(
    wanted: DesiredService | None,
    number: int | None,
    held: DesiredService | None,
    held_number: int | None,
) -> Drift | None:
    """None where network and books agree. A service that is None: there is no such line."""
    if wanted is None or held is None:
        if wanted is held:
            return None
        return Drift.MISSING if held is None else Drift.NOT_WANTED
    if wanted.state != held.state:
        return Drift.OTHER_SERVICE
    return None if number == held_number else Drift.OTHER_NUMBER


def may_repair(policy: Policy, wanted: DesiredService | None, held: DesiredService | None) -> bool:
    """Whether the policy lets the network be brought from `held` to `wanted`.

    What cannot be compared (`other`: the network holds what is never asked of it) is mended by
    `all` alone.
    """
    if policy is Policy.ALL:
        return True
    before, after = _rank(held), _rank(wanted)
    if before is None or after is None:
        return False
    return after >= before if policy is Policy.GIVE else after < before


def _rank(service: DesiredService | None) -> int | None:
    return 0 if service is None else RANK.get(service.state)
