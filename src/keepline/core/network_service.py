"""What a line shall be able to do in the network, derived from what the books say of it.

The books are the truth and the network follows: a renewal states the service that it gives
(`renewed`), and what is taken back states what stands without it (`standing`). Both state the whole
service, never a difference, so that an element without a memory can be told as well.
docs/network.md tells it in prose.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from keepline.core.allowances import NOTHING, Allowance
from keepline.core.lifecycle.line import LineState
from keepline.core.renewal import GraceService

__all__ = ["DesiredService", "ServiceState", "renewed", "standing"]

ServiceState = Literal["active", "inbound_only", "off", "other"]


@dataclass(frozen=True, slots=True)
class DesiredService:
    """What a line shall be able to do. None: without limit (quantities), without end (until).

    `inbound_only` is grace: calls and SMS come in, nothing goes out. `other` is never desired, only
    read: the network holds what Keepline never asks for. Quantities are totals that are left to
    use: bytes, seconds, messages.
    """

    state: ServiceState
    valid_until: datetime | None
    data_bytes: int | None
    voice_seconds: int | None
    sms_count: int | None


IN_GRACE: dict[GraceService, ServiceState] = {
    "full": "active",
    "inbound": "inbound_only",
    "none": "off",
}
# A line that is paused or blocked (lost, stolen, disputed) is off for whoever has the card. One
# whose number is leaving works until it has left.
IN_STATE: dict[LineState, ServiceState] = {
    LineState.READY: "active",
    LineState.ACTIVE: "active",
    LineState.PORTING: "active",
    LineState.PAUSED: "off",
    LineState.BLOCKED: "off",
    LineState.SUSPENDED: "off",
}


def standing(
    state: LineState, grace: GraceService, valid_until: datetime | None, left: Allowance
) -> DesiredService | None:
    """What the network should give a line in `state` now, with `left` to use.

    None where there is nothing at all: a line not delivered yet, or one that ended.
    """
    service = IN_GRACE[grace] if state is LineState.GRACE else IN_STATE.get(state)
    if service is None:
        return None
    if service == "active":
        # In grace the clock alone says when the service ends: its expiry is over.
        return _service(service, None if state is LineState.GRACE else valid_until, left)
    return _service(service, None, NOTHING)


def renewed(valid_until: datetime, total: Allowance) -> DesiredService:
    """What a renewal gives: everything, until the new expiry, with all that is left and added."""
    return _service("active", valid_until, total)


def _service(state: ServiceState, until: datetime | None, total: Allowance) -> DesiredService:
    return DesiredService(state, until, total.data_bytes, total.voice_seconds, total.sms_count)
