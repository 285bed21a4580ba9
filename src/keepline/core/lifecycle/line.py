"""A line's life: reserved, provisioned, active, and the way down with its ways back."""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["LINE", "LineEvent", "LineState"]


class LineState(StrEnum):
    """States of a line (docs/states.md)."""

    RESERVED = "reserved"
    PROVISIONING = "provisioning"
    READY = "ready"
    ACTIVE = "active"
    GRACE = "grace"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    PAUSED = "paused"
    BLOCKED = "blocked"
    PORTING = "porting"


class LineEvent(StrEnum):
    """What moves a line."""

    PROVISION = "provision"
    PROVISIONED = "provisioned"
    FAIL_PROVISIONING = "fail_provisioning"
    RELEASE = "release"
    RECLAIM = "reclaim"
    ACTIVATE = "activate"
    RENEW = "renew"
    EXPIRE = "expire"
    SUSPEND = "suspend"
    TERMINATE = "terminate"
    PAUSE = "pause"
    RESUME = "resume"
    BLOCK = "block"
    UNBLOCK = "unblock"
    BACK_TO_GRACE = "back_to_grace"
    BACK_TO_SUSPENSION = "back_to_suspension"
    PORT_OUT = "port_out"
    PORT_CANCEL = "port_cancel"
    PORTED = "ported"


S, E = LineState, LineEvent
LINE: Machine[LineState, LineEvent] = Machine(
    name="line",
    initial=S.RESERVED,
    finals=frozenset({S.TERMINATED}),
    transitions=(
        Transition(S.RESERVED, E.PROVISION, S.PROVISIONING, "paid"),
        Transition(S.RESERVED, E.RELEASE, S.TERMINATED, "not paid within 15 minutes"),
        Transition(
            S.RESERVED, E.RECLAIM, S.SUSPENDED, "follows a line that ended, with its number"
        ),
        Transition(S.PROVISIONING, E.PROVISIONED, S.READY, "profile delivered"),
        Transition(S.PROVISIONING, E.FAIL_PROVISIONING, S.TERMINATED, "refunded"),
        Transition(S.READY, E.ACTIVATE, S.ACTIVE, "first use, or starts at purchase"),
        Transition(S.READY, E.RENEW, S.READY, "a further term before first use"),
        Transition(S.READY, E.TERMINATE, S.TERMINATED, "never used, or closed"),
        Transition(S.ACTIVE, E.RENEW, S.ACTIVE, "the extension row is its history"),
        Transition(S.ACTIVE, E.EXPIRE, S.GRACE, "validity over; inbound works"),
        Transition(S.ACTIVE, E.PAUSE, S.PAUSED, "by the holder"),
        Transition(S.ACTIVE, E.BLOCK, S.BLOCKED, "with a reason"),
        Transition(S.ACTIVE, E.PORT_OUT, S.PORTING, "the holder moves the number"),
        Transition(S.ACTIVE, E.TERMINATE, S.TERMINATED, "closed by the holder"),
        Transition(S.GRACE, E.RENEW, S.ACTIVE, "one click brings everything back"),
        Transition(S.GRACE, E.SUSPEND, S.SUSPENDED, "grace over; number held"),
        Transition(S.GRACE, E.BLOCK, S.BLOCKED, "with a reason"),
        Transition(S.GRACE, E.PORT_OUT, S.PORTING, "a number may leave in grace"),
        Transition(S.GRACE, E.TERMINATE, S.TERMINATED, "closed by the holder"),
        Transition(S.SUSPENDED, E.RENEW, S.ACTIVE, "still the holder's number"),
        Transition(S.SUSPENDED, E.TERMINATE, S.TERMINATED, "number to quarantine"),
        Transition(S.SUSPENDED, E.BLOCK, S.BLOCKED, "with a reason"),
        Transition(S.PAUSED, E.RESUME, S.ACTIVE, "never silently"),
        Transition(S.PAUSED, E.EXPIRE, S.GRACE, "a pause does not stop the clock"),
        Transition(S.PAUSED, E.TERMINATE, S.TERMINATED, "closed by the holder"),
        Transition(S.BLOCKED, E.UNBLOCK, S.ACTIVE, "found again, or the dispute is over"),
        Transition(S.BLOCKED, E.BACK_TO_GRACE, S.GRACE, "the same, of one blocked in grace"),
        Transition(S.BLOCKED, E.BACK_TO_SUSPENSION, S.SUSPENDED, "the same, of a suspended one"),
        Transition(S.BLOCKED, E.TERMINATE, S.TERMINATED, "by staff"),
        Transition(S.PORTING, E.PORT_CANCEL, S.ACTIVE, "the holder stays"),
        Transition(S.PORTING, E.BACK_TO_GRACE, S.GRACE, "the same, of one that was in grace"),
        Transition(S.PORTING, E.PORTED, S.TERMINATED, "the number went with its holder"),
    ),
)
