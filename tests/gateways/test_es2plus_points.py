"""What a notification point does to a profile, and which notification is the same one again."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keepline.core.lifecycle.profile import ProfileEvent
from keepline.gateways.esim.es2plus.points import event_of
from keepline.gateways.esim.port import DownloadProgress

E = ProfileEvent
OWN = {5: E.DELETE, 6: E.ENABLE, 7: E.DISABLE}
TOLD = DownloadProgress(
    iccid="8988211000000000011",
    eid=None,
    profile_type="gold",
    notification_point_id=3,
    status="Executed-Success",
    subject_code="",
    reason_code="",
    message="",
    occurred_at=datetime(2026, 5, 3, 10, tzinfo=UTC),
    requester="1.2.3",
    call_id="1",
)


@pytest.mark.parametrize("status", ["Executed-Success", "Executed-WithWarning"])
@pytest.mark.parametrize(
    ("point", "event"),
    [
        (0, None),
        (1, None),
        (2, None),
        (3, E.DOWNLOAD),
        (4, E.INSTALL),
        (5, E.DELETE),
        (6, E.ENABLE),
        (7, E.DISABLE),
        (8, None),
        (101, None),
    ],
)
def test_success(point: int, event: ProfileEvent | None, status: str) -> None:
    progress = replace(TOLD, notification_point_id=point, status=status)
    assert event_of(progress, OWN) == event


def test_nobody_guesses_what_further_points_mean() -> None:
    assert [event_of(replace(TOLD, notification_point_id=n)) for n in range(5, 200)] == [None] * 195


@pytest.mark.parametrize(
    ("point", "codes", "event"),
    [
        (1, ("8.1.1", "3.10"), None),
        (1, ("8.8.5", "6.4"), E.FAIL),
        (2, ("8.2.7", "3.8"), None),
        (2, ("8.2.7", "6.4"), E.FAIL),
        (3, ("8.8.5", "3.8"), E.FAIL),
        (3, ("8.2.10", "4.2"), None),
        (4, ("8.2.10", "4.2"), E.FAIL),
        (4, ("", ""), E.FAIL),
        (4, ("8.1", "4.8"), None),
        (4, ("8.1", "5.1"), None),
        (6, ("8.1", "4.2"), None),
    ],
)
def test_failure(point: int, codes: tuple[str, str], event: ProfileEvent | None) -> None:
    progress = replace(
        TOLD,
        notification_point_id=point,
        status="Failed",
        subject_code=codes[0],
        reason_code=codes[1],
    )
    assert event_of(progress, OWN) == event


@pytest.mark.parametrize("status", ["Expired", "executed-success", "Half"])
def test_other_words_change_nothing(status: str) -> None:
    assert event_of(replace(TOLD, notification_point_id=4, status=status), OWN) is None


def test_the_same_again_has_the_same_key() -> None:
    assert TOLD.key == replace(TOLD, message="other words").key
    changes = {
        "iccid": "8988211000000000029",
        "eid": "89049032123451234512345678901235",
        "notification_point_id": 4,
        "status": "Failed",
        "subject_code": "8.1",
        "reason_code": "4.8",
        "occurred_at": datetime(2026, 5, 3, 11, tzinfo=UTC),
        "requester": "1.2.4",
        "call_id": "2",
    }
    keys = {replace(TOLD, **{name: value}).key for name, value in changes.items()}  # type: ignore[arg-type]
    assert len(keys | {TOLD.key}) == len(changes) + 1
