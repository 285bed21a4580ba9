"""Reads HandleDownloadProgressInfo (SGP.22 5.3.5), which the SM-DP+ sends to us."""

import re
from datetime import UTC, datetime
from typing import Any, Final

from keepline.core.identifiers import IccidError, parse_iccid
from keepline.gateways.esim.port import DownloadProgress

from .reading import Unreadable, object_of, optional_text, read_object, read_status, text_of

# Zone and seconds are there in the form that SGP.22 names; Python reads many more.
W3C_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)
EID: Final = re.compile(r"\d{32}", re.ASCII)
POINT: Final = re.compile(r"\d{1,6}", re.ASCII)
POINTS: Final = range(10**6)


def read_progress(body: bytes) -> DownloadProgress:
    """What a notification says. Unreadable names the field that is missing or wrong."""
    content = read_object(body)
    header = object_of(content.get("header"), "header")
    status = read_status(content.get("notificationPointStatus"), "notificationPointStatus")
    return DownloadProgress(
        iccid=_iccid(content),
        eid=_eid(content),
        profile_type=text_of(content, "profileType"),
        notification_point_id=_point(content),
        status=status.status,
        subject_code=status.subject_code,
        reason_code=status.reason_code,
        message=status.message,
        occurred_at=_instant(content),
        requester=text_of(header, "functionRequesterIdentifier"),
        call_id=text_of(header, "functionCallIdentifier"),
    )


def _iccid(content: dict[str, Any]) -> str:
    try:
        return parse_iccid(text_of(content, "iccid"))
    except IccidError as error:
        raise Unreadable("iccid") from error


def _eid(content: dict[str, Any]) -> str | None:
    # Digits suffice: test devices have EIDs with wrong check digits, and none is ours to judge.
    eid = optional_text(content, "eid")
    if eid is not None and not EID.fullmatch(eid):
        raise Unreadable("eid")
    return eid


def _point(content: dict[str, Any]) -> int:
    value = content.get("notificationPointId")
    if isinstance(value, str) and POINT.fullmatch(value):
        return int(value)
    if type(value) is not int or value not in POINTS:
        raise Unreadable("notificationPointId")
    return value


def _instant(content: dict[str, Any]) -> datetime:
    text = text_of(content, "timestamp")
    if not W3C_TIME.fullmatch(text):
        raise Unreadable("timestamp")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable("timestamp") from error
