"""HandleDownloadProgressInfo at its door: only the SM-DP+ is believed, and read strictly."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from structlog.testing import capture_logs

from keepline.gateways.esim.port import DownloadProgress
from keepline.webhooks.es2plus import entrance

PATH = "/gsma/rsp2/es2plus/handleDownloadProgressInfo"
SECRET = "a callback secret of thirty-two characters and more"
SUBJECT = "CN=es2plus.smdp.example.com,O=Exämple"
ICCID, EID = "8988211000000000011", "89049032123451234512345678901235"

received: list[DownloadProgress] = []
refusals: list[datetime] = []
spoken: list[set[str]] = []  # for whom the callers spoke


def receive(progress: DownloadProgress, now: datetime, speaks_for: Any) -> None:
    spoken.append({code for code in ("", "ais", "true-th") if speaks_for(code)})
    if progress.call_id == "break":
        raise RuntimeError("the books are closed")
    if progress.key not in {each.key for each in received}:
        received.append(progress)


urlpatterns = [path(PATH[1:], entrance(receive, refusals.append))]
GOOD: dict[str, Any] = {
    "header": {"functionRequesterIdentifier": "1.2.3", "functionCallIdentifier": "call-1"},
    "eid": EID,
    "iccid": f"{ICCID}F",
    "profileType": "gold",
    "timestamp": "2026-05-03T12:00:00+02:00",
    "notificationPointId": 4,
    "notificationPointStatus": {
        "status": "Failed",
        "statusCodeData": {"subjectCode": "8.1", "reasonCode": "4.8", "message": "no\x00 room"},
    },
    "resultData": "vyc3",
    "tac": "35203310",
}
READ = DownloadProgress(
    iccid=ICCID,
    eid=EID,
    profile_type="gold",
    notification_point_id=4,
    status="Failed",
    subject_code="8.1",
    reason_code="4.8",
    message="no room",
    occurred_at=datetime(2026, 5, 3, 10, tzinfo=UTC),
    requester="1.2.3",
    call_id="call-1",
)


@pytest.fixture(autouse=True)
def door(settings: Any) -> Iterator[None]:
    settings.ENV = replace(settings.ENV, smdp_callback_secret=SECRET, smdp_callback_subject=SUBJECT)
    received.clear()
    spoken.clear()
    refusals.clear()
    with override_settings(ROOT_URLCONF=__name__):
        yield


def told(body: object, subject: str = SUBJECT, secret: str = SECRET, **more: Any) -> HttpResponse:
    """The answer to a notification, its subject written as proxies write it: bytes of UTF-8."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"x-smdp-subject": subject.encode().decode("latin-1"), "x-smdp-secret": secret}
    answer: HttpResponse = Client(raise_request_exception=False, enforce_csrf_checks=True).post(
        PATH, content, content_type="application/json", headers=headers, **more
    )
    return answer


def but(**fields: object) -> dict[str, Any]:
    """A good notification with other fields; None leaves one out."""
    changed = {**GOOD, **fields}
    return {name: value for name, value in changed.items() if value is not None}


def test_told_once_and_told_again() -> None:
    for _ in range(2):
        answer = told(GOOD)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer["X-Admin-Protocol"].startswith("gsma/rsp/v2")
    assert received == [READ]
    assert not refusals


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({"notificationPointId": "4"}, {}),
        ({"iccid": ICCID}, {}),
        ({"eid": None}, {"eid": None}),
        ({"eid": ""}, {"eid": None}),
        ({"timestamp": "2026-05-03T10:00:00.000Z"}, {}),
        ({"notificationPointId": 102}, {"notification_point_id": 102}),
        (
            {"notificationPointStatus": {"status": "Executed-Success"}},
            {"status": "Executed-Success", "subject_code": "", "reason_code": "", "message": ""},
        ),
        (
            {"notificationPointStatus": {"status": "Wonderful"}},
            {"status": "Wonderful", "subject_code": "", "reason_code": "", "message": ""},
        ),
    ],
)
def test_forms_that_are_read(fields: dict[str, Any], read: dict[str, Any]) -> None:
    assert told(but(**fields)).status_code == 204
    assert received == [replace(READ, **read)]


CODES = {"subjectCode": "8.1", "reasonCode": "4.8"}
UNREADABLE: list[tuple[object, str]] = [
    (b"", "json"),
    (b"<xml/>", "json"),
    (b"[]", "json"),
    (b"[" * 60_000, "json"),
    (but(header=None), "header"),
    (but(header={"functionRequesterIdentifier": "1"}), "functionCallIdentifier"),
    (but(header={"functionCallIdentifier": "1"}), "functionRequesterIdentifier"),
    (but(iccid=None), "iccid"),
    (but(iccid=int(ICCID)), "iccid"),
    (but(iccid="8988211000000000012F"), "iccid"),
    (but(iccid="8988211000000000011FF"), "iccid"),
    (but(eid="8904"), "eid"),
    (but(eid=int(EID)), "eid"),
    (but(profileType=None), "profileType"),
    (but(profileType="x" * 256), "profileType"),
    (but(profileType="a\x00b"), "profileType"),
    (but(profileType="\ud800"), "profileType"),
    (but(timestamp=None), "timestamp"),
    (but(timestamp=1709712641), "timestamp"),
    (but(timestamp="1709712641"), "timestamp"),
    (but(timestamp="2026-05-03T10:00:00"), "timestamp"),
    (but(timestamp="2026-05-03"), "timestamp"),
    (but(timestamp="2026-13-03T10:00:00Z"), "timestamp"),
    (but(timestamp="0001-01-01T00:00:00+14:00"), "timestamp"),
    (but(notificationPointId=None), "notificationPointId"),
    (but(notificationPointId=True), "notificationPointId"),
    (but(notificationPointId=4.0), "notificationPointId"),
    (but(notificationPointId=-1), "notificationPointId"),
    (but(notificationPointId=10**6), "notificationPointId"),
    (but(notificationPointId="four"), "notificationPointId"),
    (but(notificationPointStatus=None), "notificationPointStatus"),
    (but(notificationPointStatus="Failed"), "notificationPointStatus"),
    (but(notificationPointStatus={}), "status"),
    (but(notificationPointStatus={"status": 1}), "status"),
    (but(notificationPointStatus={"status": "Failed", "statusCodeData": "x"}), "statusCodeData"),
    (
        but(notificationPointStatus={"status": "Failed", "statusCodeData": {"reasonCode": "1"}}),
        "subjectCode",
    ),
    (
        but(
            notificationPointStatus={
                "status": "Failed",
                "statusCodeData": {**CODES, "reasonCode": "no room"},
            }
        ),
        "reasonCode",
    ),
    (
        but(
            notificationPointStatus={"status": "Failed", "statusCodeData": {**CODES, "message": 1}}
        ),
        "message",
    ),
]


@pytest.mark.parametrize(("body", "word"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_is_not_as_promised_is_refused_by_its_name(body: object, word: str) -> None:
    answer = told(body)
    assert (answer.status_code, answer.content.decode()) == (400, word)
    assert not received


@pytest.mark.parametrize(
    ("subject", "secret"),
    [
        ("", ""),
        (SUBJECT, ""),
        ("", SECRET),
        (SUBJECT, SECRET + "x"),
        (SUBJECT, SECRET[:-1]),
        ("CN=another client of the proxy", SECRET),
        (SUBJECT.lower(), SECRET),
        (f"{SUBJECT},{SUBJECT}", SECRET),
    ],
)
def test_others_are_refused_and_counted_and_nothing_is_kept(subject: str, secret: str) -> None:
    with capture_logs() as logged:
        assert told(GOOD, subject, secret).status_code == 403
        assert told(b"no json", subject, secret).status_code == 403  # before anything is read
    assert not received
    assert len(refusals) == 2
    assert [entry["event"] for entry in logged] == ["smdp_callback_refused"] * 2
    assert ICCID not in str(logged)


def test_closed_while_no_secret_is_set(settings: Any) -> None:
    settings.ENV = replace(settings.ENV, smdp_callback_secret="", smdp_callback_subject="")
    assert told(GOOD, "", "").status_code == 404
    assert not received
    assert not refusals


def test_not_for_reading_and_not_for_long_stories() -> None:
    assert Client().get(PATH).status_code == 405
    assert told(but(resultData="A" * 70_000)).status_code == 413
    assert not received


def test_our_own_trouble_asks_it_to_come_again() -> None:
    header = {**GOOD["header"], "functionCallIdentifier": "break"}
    assert told(but(header=header)).status_code == 500
    assert not received


def test_a_notification_is_in_no_log() -> None:
    with capture_logs() as logged:
        told(GOOD)
        told(but(eid="8904"))
    assert ICCID not in str(logged)
    assert "room" not in repr(received)


OWN, OWN_SECRET = "CN=smdp.true.example", "true's own secret, as long as the others are"


def test_a_carriers_own_speaks_for_its_carrier_alone(settings: Any) -> None:
    settings.SMDP_CALLERS = {"true-th": (OWN, OWN_SECRET)}
    assert told(GOOD).status_code == 204
    assert told(GOOD, OWN, OWN_SECRET).status_code == 204
    assert spoken == [{"", "ais"}, {"true-th"}]
    for subject, secret in ((OWN, SECRET), (SUBJECT, OWN_SECRET)):  # halves of two are no whole
        assert told(GOOD, subject, secret).status_code == 403
    assert len(refusals) == 2


def test_carriers_that_share_one(settings: Any) -> None:
    settings.SMDP_CALLERS = {"true-th": (OWN, OWN_SECRET), "ais": (OWN, OWN_SECRET)}
    assert told(GOOD, OWN, OWN_SECRET).status_code == 204
    assert spoken == [{"true-th", "ais"}]


def test_an_own_one_may_call_where_the_usual_may_not(settings: Any) -> None:
    settings.ENV = replace(settings.ENV, smdp_callback_secret="", smdp_callback_subject="")
    settings.SMDP_CALLERS = {"true-th": (OWN, OWN_SECRET)}
    assert told(GOOD, OWN, OWN_SECRET).status_code == 204
    assert told(GOOD, "", "").status_code == 403
    assert spoken == [{"true-th"}]
