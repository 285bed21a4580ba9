"""An eSIM profile's life (GSMA SGP.22 v3, states of a profile at SM-DP+ and eUICC)."""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["PROFILE", "ProfileEvent", "ProfileState"]


class ProfileState(StrEnum):
    """SGP.22's words."""

    AVAILABLE = "available"
    RELEASED = "released"
    DOWNLOADED = "downloaded"
    INSTALLED = "installed"
    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"
    ERROR = "error"


class ProfileEvent(StrEnum):
    """What moves a profile."""

    RELEASE = "release"
    CANCEL = "cancel"
    DOWNLOAD = "download"
    INSTALL = "install"
    ENABLE = "enable"
    DISABLE = "disable"
    DELETE = "delete"
    FAIL = "fail"


S, E = ProfileState, ProfileEvent
PROFILE: Machine[ProfileState, ProfileEvent] = Machine(
    name="profile",
    initial=S.AVAILABLE,
    finals=frozenset({S.DELETED, S.ERROR}),
    transitions=(
        Transition(S.AVAILABLE, E.RELEASE, S.RELEASED, "ES2+ ReleaseProfile"),
        Transition(S.RELEASED, E.CANCEL, S.AVAILABLE, "ES2+ CancelOrder, back in stock"),
        Transition(S.RELEASED, E.DOWNLOAD, S.DOWNLOADED, "BPP download"),
        Transition(S.RELEASED, E.FAIL, S.ERROR, "too many tries"),
        Transition(S.DOWNLOADED, E.INSTALL, S.INSTALLED, "BPP installation"),
        Transition(S.DOWNLOADED, E.FAIL, S.ERROR, "installation failed"),
        Transition(S.INSTALLED, E.ENABLE, S.ENABLED, "the holder switched it on"),
        Transition(S.INSTALLED, E.DELETE, S.DELETED, "removed unused"),
        Transition(S.ENABLED, E.DISABLE, S.DISABLED, "the holder switched it off"),
        Transition(S.DISABLED, E.ENABLE, S.ENABLED, "and on again"),
        Transition(S.DISABLED, E.DELETE, S.DELETED, "removed from the device"),
    ),
)
