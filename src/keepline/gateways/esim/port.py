"""The SM-DP+ port: eSIM profiles are ordered, and what phones do with them is heard.

Words and states are those of GSMA SGP.22; docs/gateways/es2plus.md has the messages. Each call is
one network call and must never run inside a database transaction. Its `call_id` is made and stored
by the caller before sending; after EsimUnknown the same request is sent again, never another one.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from keepline.core.lifecycle.profile import ProfileEvent

RefusalKind = Literal[
    "profile_unknown",
    "in_use",
    "wrong_state",
    "not_allowed",
    "other_device",
    "device_unknown",
    "device_missing",
    "type_unknown",
    "type_exhausted",
    "type_mismatch",
    "matching_id_refused",
    "matching_id_taken",
    "other_matching_id",
    "discovery_failed",
    "malformed",
    "trouble",
    "other",
]
FinalStatus = Literal["Available", "Unavailable"]


class EsimUnknown(Exception):
    """No answer that can be relied on: the call may or may not have been carried out."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Definitively not carried out. `code` is subject and reason, as 8.2.1/3.9.

    `message` is the SM-DP+'s own sentence; it may repeat what was sent, so no log shows it.
    """

    kind: RefusalKind
    code: str
    message: str = field(default="", repr=False)

    @property
    def temporary(self) -> bool:
        """Whether the same order may succeed later, under a new call id."""
        return self.kind == "trouble"


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """A profile to reserve: `iccid` of our stock, or any of `profile_type`; at least one.

    `iccid` is bare digits; `eid` is the device, where it is known already.
    """

    call_id: UUID
    iccid: str | None = None
    profile_type: str | None = None
    eid: str | None = None

    def __post_init__(self) -> None:
        if not self.iccid and not self.profile_type:
            raise ValueError("a download order names an ICCID or a profile type")


@dataclass(frozen=True, slots=True)
class ConfirmRequest:
    """What the activation code of a reserved profile is made of.

    `release`: phones may download it at once. Without `matching_id` the SM-DP+ makes one, which
    is lost with the answer; so make your own.
    """

    call_id: UUID
    iccid: str
    release: bool
    matching_id: str | None = field(default=None, repr=False)
    confirmation_code: str | None = field(default=None, repr=False)
    eid: str | None = None


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Takes an order back. `final_status`: whether the profile may be sold again."""

    call_id: UUID
    iccid: str
    final_status: FinalStatus
    matching_id: str | None = field(default=None, repr=False)
    eid: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """Lets phones download a confirmed profile."""

    call_id: UUID
    iccid: str


@dataclass(frozen=True, slots=True)
class Done:
    """Carried out. `warning` has the codes of Executed-WithWarning, as 8.2.1/4.3."""

    warning: str = ""


@dataclass(frozen=True, slots=True)
class Reserved:
    """A profile is reserved for us."""

    iccid: str
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The order has its matching id. `smdp_address` is None where it is the SM-DP+'s default."""

    matching_id: str = field(repr=False)
    smdp_address: str | None = None
    warning: str = ""


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """What an SM-DP+ told of a download (HandleDownloadProgressInfo); a statement, not yet a fact.

    `iccid` and `eid` are bare digits, `occurred_at` is aware UTC, `status` is the SM-DP+'s word.
    Codes are "" where it gave none; `message` is its own sentence, for staff and no log.
    """

    iccid: str
    eid: str | None
    profile_type: str
    notification_point_id: int
    status: str
    subject_code: str
    reason_code: str
    message: str = field(repr=False)
    occurred_at: datetime
    requester: str
    call_id: str

    @property
    def key(self) -> str:
        """The same for the same notification told twice: hex, 64 characters.

        Over everything it says, because SM-DP+s were seen to send one call id with all of them.
        """
        said = (
            self.requester,
            self.call_id,
            self.iccid,
            self.eid or "",
            str(self.notification_point_id),
            self.status,
            self.subject_code,
            self.reason_code,
            self.occurred_at.isoformat(),
        )
        return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


class SmdpPlus(Protocol):
    """An SM-DP+. Every method raises EsimUnknown, and nothing else, when nothing is certain."""

    @property
    def name(self) -> str:
        """The word stored beside each call, e.g. `es2plus`; never changes."""
        ...

    @property
    def default_address(self) -> str:
        """What activation codes name where the SM-DP+ tells no other address: a host name."""
        ...

    def order_download(self, request: DownloadRequest) -> Reserved | Refused:
        """Reserves a profile (DownloadOrder)."""
        ...

    def confirm(self, request: ConfirmRequest) -> Confirmed | Refused:
        """Gives the order its matching id (ConfirmOrder)."""
        ...

    def cancel(self, request: CancelRequest) -> Done | Refused:
        """Takes the order back, while no phone has the profile (CancelOrder)."""
        ...

    def release(self, request: ReleaseRequest) -> Done | Refused:
        """Lets phones download the profile (ReleaseProfile)."""
        ...

    def complaints(self) -> list[str]:
        """What keeps it from working, in sentences for an operator; nothing when it answers."""
        ...

    def event_of(self, progress: DownloadProgress) -> ProfileEvent | None:
        """What a notification does to the profile; None for nothing. Asks nobody.

        Notification points above 4 mean something else at every SM-DP+.
        """
        ...
