"""An eSIM profile's life: in our stock, at the SM-DP+, on the eUICC.

From allocated to error the words are those of GSMA SGP.22 v3, 3.1.6 (the profile at the SM-DP+);
enabled, disabled and deleted are states on the eUICC. Held is ours: the SM-DP+ has not heard yet.
"""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["ON_A_PHONE", "PROFILE", "ProfileEvent", "ProfileState"]


class ProfileState(StrEnum):
    """SGP.22's words, and held."""

    AVAILABLE = "available"
    HELD = "held"
    ALLOCATED = "allocated"
    LINKED = "linked"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    DOWNLOADED = "downloaded"
    INSTALLED = "installed"
    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"
    ERROR = "error"
    UNAVAILABLE = "unavailable"


class ProfileEvent(StrEnum):
    """What moves a profile."""

    HOLD = "hold"
    UNHOLD = "unhold"
    ALLOCATE = "allocate"
    LINK = "link"
    CONFIRM = "confirm"
    RELEASE = "release"
    CANCEL = "cancel"
    DOWNLOAD = "download"
    INSTALL = "install"
    ENABLE = "enable"
    DISABLE = "disable"
    DELETE = "delete"
    FAIL = "fail"
    RETIRE = "retire"


S, E = ProfileState, ProfileEvent
PROFILE: Machine[ProfileState, ProfileEvent] = Machine(
    name="profile",
    initial=S.AVAILABLE,
    finals=frozenset({S.DELETED, S.ERROR, S.UNAVAILABLE}),
    transitions=(
        Transition(S.AVAILABLE, E.HOLD, S.HELD, "in a cart, 15 minutes"),
        Transition(S.AVAILABLE, E.INSTALL, S.INSTALLED, "taken over with an existing base"),
        Transition(S.AVAILABLE, E.RETIRE, S.UNAVAILABLE, "given back to its issuer"),
        Transition(S.HELD, E.UNHOLD, S.AVAILABLE, "not bought"),
        Transition(S.HELD, E.ALLOCATE, S.ALLOCATED, "ES2+ DownloadOrder"),
        Transition(S.HELD, E.LINK, S.LINKED, "ES2+ DownloadOrder with an EID"),
        Transition(S.HELD, E.RELEASE, S.RELEASED, "bought; its activation code came with it"),
        Transition(S.ALLOCATED, E.CONFIRM, S.CONFIRMED, "ES2+ ConfirmOrder"),
        Transition(S.LINKED, E.CONFIRM, S.CONFIRMED, "ES2+ ConfirmOrder"),
        Transition(S.ALLOCATED, E.RELEASE, S.RELEASED, "ES2+ ConfirmOrder, released at once"),
        Transition(S.LINKED, E.RELEASE, S.RELEASED, "ES2+ ConfirmOrder, released at once"),
        Transition(S.CONFIRMED, E.RELEASE, S.RELEASED, "ES2+ ReleaseProfile"),
        Transition(S.ALLOCATED, E.CANCEL, S.AVAILABLE, "ES2+ CancelOrder, back in stock"),
        Transition(S.LINKED, E.CANCEL, S.AVAILABLE, "ES2+ CancelOrder, back in stock"),
        Transition(S.CONFIRMED, E.CANCEL, S.AVAILABLE, "ES2+ CancelOrder, back in stock"),
        Transition(S.RELEASED, E.CANCEL, S.AVAILABLE, "ES2+ CancelOrder, back in stock"),
        Transition(S.ALLOCATED, E.RETIRE, S.UNAVAILABLE, "ES2+ CancelOrder, not to be used again"),
        Transition(S.LINKED, E.RETIRE, S.UNAVAILABLE, "ES2+ CancelOrder, not to be used again"),
        Transition(S.CONFIRMED, E.RETIRE, S.UNAVAILABLE, "ES2+ CancelOrder, not to be used again"),
        Transition(S.RELEASED, E.RETIRE, S.UNAVAILABLE, "ES2+ CancelOrder, not to be used again"),
        Transition(S.RELEASED, E.DOWNLOAD, S.DOWNLOADED, "BPP download"),
        Transition(S.RELEASED, E.INSTALL, S.INSTALLED, "nobody told of its download"),
        Transition(S.RELEASED, E.FAIL, S.ERROR, "too many tries"),
        Transition(S.DOWNLOADED, E.INSTALL, S.INSTALLED, "BPP installation"),
        Transition(S.DOWNLOADED, E.ENABLE, S.ENABLED, "nobody told of its installation"),
        Transition(S.DOWNLOADED, E.FAIL, S.ERROR, "installation failed"),
        Transition(S.INSTALLED, E.ENABLE, S.ENABLED, "the holder switched it on"),
        Transition(S.INSTALLED, E.DELETE, S.DELETED, "removed unused"),
        Transition(S.ENABLED, E.DISABLE, S.DISABLED, "the holder switched it off"),
        Transition(S.ENABLED, E.DELETE, S.DELETED, "nobody told that it was switched off"),
        Transition(S.DISABLED, E.ENABLE, S.ENABLED, "and on again"),
        Transition(S.DISABLED, E.DELETE, S.DELETED, "removed from the device"),
        Transition(S.ERROR, E.RETIRE, S.UNAVAILABLE, "ES2+ CancelOrder, not to be used again"),
    ),
)
# Where it is on somebody's phone, switched on or off.
ON_A_PHONE = (S.DOWNLOADED, S.INSTALLED, S.ENABLED, S.DISABLED)
