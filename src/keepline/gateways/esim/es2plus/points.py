"""What a notification point means for the profile (SGP.22 5.3.5, 3.1.6).

The table stands in docs/gateways/es2plus.md. Only points 1 to 4 are the specification's.
"""

from collections.abc import Mapping
from typing import Final

from keepline.core.lifecycle.profile import ProfileEvent
from keepline.gateways.esim.port import DownloadProgress

from .wire import FAILED, SUCCESS, WARNING

ELIGIBILITY, CONFIRMATION, DOWNLOAD, INSTALLATION = 1, 2, 3, 4
STANDARD: Final[Mapping[int, ProfileEvent]] = {
    DOWNLOAD: ProfileEvent.DOWNLOAD,
    INSTALLATION: ProfileEvent.INSTALL,
}
TOO_MANY_TRIES: Final = "6.4"
HOLDER_SAID_NO: Final = ("8.8.5", "3.8")
NO_ROOM: Final = "4.8"
INTERRUPTED: Final = "5"  # the class of transport errors


def event_of(
    progress: DownloadProgress, own: Mapping[int, ProfileEvent] | None = None
) -> ProfileEvent | None:
    """What happens to the profile; None when nothing does, or when we were not told what.

    `own` says what further points of this SM-DP+ mean.
    """
    point = progress.notification_point_id
    if progress.status in (SUCCESS, WARNING):
        return {**STANDARD, **(own or {})}.get(point)
    return ProfileEvent.FAIL if progress.status == FAILED and _final(progress) else None


def _final(progress: DownloadProgress) -> bool:
    """Whether a failure ends the profile's life, or the holder may try again."""
    point, reason = progress.notification_point_id, progress.reason_code
    if point == INSTALLATION:
        return reason != NO_ROOM and reason.split(".", maxsplit=1)[0] != INTERRUPTED
    if point == DOWNLOAD and (progress.subject_code, reason) == HOLDER_SAID_NO:
        return True
    return point in (ELIGIBILITY, CONFIRMATION, DOWNLOAD) and reason == TOO_MANY_TRIES
