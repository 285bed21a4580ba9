"""The ES2+ adapter: what it sends, and that only plain answers are believed."""

import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from keepline.gateways.esim.es2plus.adapter import Es2PlusSmdp
from keepline.gateways.esim.es2plus.fake.certificates import keep_certificates
from keepline.gateways.esim.port import (
    CancelRequest,
    Confirmed,
    ConfirmRequest,
    Done,
    DownloadRequest,
    EsimUnknown,
    Refused,
    ReleaseRequest,
    Reserved,
)
from tests.gateways.odd_smdp import OddSmdp, ended, odd_smdp
from tests.gateways.sandbox_process import free_port

CALL_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
ICCID, EID = "8988211000000000011", "89049032123451234512345678901235"
MATCHING_ID, CODE = "SECRET-MATCHING-ID", "secret-code-4711"
HEADER = {
    "functionRequesterIdentifier": "1.3.6.1.4.1.5",
    "functionCallIdentifier": str(CALL_ID),
}


def a_confirmation() -> ConfirmRequest:
    return ConfirmRequest(
        CALL_ID, ICCID, release=True, matching_id=MATCHING_ID, confirmation_code=CODE, eid=EID
    )


Call = Callable[[Es2PlusSmdp], object]
CALLS: dict[str, Call] = {
    "downloadOrder": lambda smdp: smdp.order_download(DownloadRequest(CALL_ID, ICCID, "gold", EID)),
    "confirmOrder": lambda smdp: smdp.confirm(a_confirmation()),
    "cancelOrder": lambda smdp: smdp.cancel(
        CancelRequest(CALL_ID, ICCID, "Available", MATCHING_ID, EID)
    ),
    "releaseProfile": lambda smdp: smdp.release(ReleaseRequest(CALL_ID, ICCID)),
}
every_call = pytest.mark.parametrize("call", CALLS)
GOOD = ended("Executed-Success", iccid=ICCID, matchingId=MATCHING_ID)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OddSmdp]:
    with odd_smdp(tmp_path_factory.mktemp("tls")) as odd:
        yield odd


@pytest.fixture
def odd(server: OddSmdp) -> OddSmdp:
    server.heard.clear()
    server.drips = False
    server.say(GOOD)
    return server


SENT: dict[str, dict[str, object]] = {
    "downloadOrder": {"iccid": f"{ICCID}F", "profileType": "gold", "eid": EID},
    "confirmOrder": {
        "iccid": f"{ICCID}F",
        "eid": EID,
        "matchingId": MATCHING_ID,
        "confirmationCode": CODE,
        "releaseFlag": True,
    },
    "cancelOrder": {
        "iccid": f"{ICCID}F",
        "eid": EID,
        "matchingId": MATCHING_ID,
        "finalProfileStatusIndicator": "Available",
    },
    "releaseProfile": {"iccid": f"{ICCID}F"},
}


@every_call
def test_what_is_sent(odd: OddSmdp, call: str) -> None:
    CALLS[call](odd.adapter())
    ((path, headers, body),) = odd.heard
    assert path == f"/base/gsma/rsp2/es2plus/{call}"
    assert headers["content-type"] == "application/json"
    assert headers["x-admin-protocol"] == "gsma/rsp/v2.5.0"
    assert body == {"header": HEADER, **SENT[call]}


@pytest.mark.parametrize(
    ("iccid", "wire"),
    [
        ("898821100000000010", "898821100000000010FF"),
        ("8988211000000000011", "8988211000000000011F"),
        ("89882110000000000010", "89882110000000000010"),
    ],
)
def test_iccids_have_twenty_places_on_the_wire(odd: OddSmdp, iccid: str, wire: str) -> None:
    for answered in (iccid, wire):  # and come back in either form
        odd.say(ended("Executed-Success", iccid=answered))
        found = odd.adapter().order_download(DownloadRequest(CALL_ID, iccid))
        assert found == Reserved(iccid)
        assert odd.heard[-1][2] == {"header": HEADER, "iccid": wire}


def test_an_order_names_something() -> None:
    with pytest.raises(ValueError, match="ICCID or a profile type"):
        DownloadRequest(CALL_ID)


UNCERTAIN: dict[str, object] = {
    "nothing": b"",
    "text": b"<html>200 OK</html>",
    "latin-1": b'{"header": "\xe9"}',
    "list": [],
    "no header": {},
    "header is text": {"header": "Executed-Success"},
    "status is text": {"header": {"functionExecutionStatus": "Executed-Success"}},
    "no status": {"header": {"functionExecutionStatus": {}}},
    "status is true": {"header": {"functionExecutionStatus": {"status": True}}},
    "expired": ended("Expired", "1.6", "4.10", iccid=ICCID, matchingId=MATCHING_ID),
    "other capitals": ended("executed-success", iccid=ICCID, matchingId=MATCHING_ID),
    "another word": ended("Done", iccid=ICCID, matchingId=MATCHING_ID),
    "failed without codes": ended("Failed"),
    "failed with words": ended("Failed", "profile", "unknown"),
    "failed with half a code": {
        "header": {
            "functionExecutionStatus": {
                "status": "Failed",
                "statusCodeData": {"subjectCode": "8.2.1"},
            }
        }
    },
    "codes are text": {
        "header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": "8.2.1"}}
    },
    "too long": b"{" + b" " * 70_000 + b"}",
    "too deep": b"[" * 100_000,
}


@every_call
@pytest.mark.parametrize("answer", UNCERTAIN)
def test_what_is_not_plain_is_unknown(odd: OddSmdp, call: str, answer: str) -> None:
    odd.say(UNCERTAIN[answer])
    with pytest.raises(EsimUnknown):
        CALLS[call](odd.adapter())


@every_call
@pytest.mark.parametrize("status", [201, 204, 302, 400, 401, 403, 404, 429, 500, 503])
def test_functions_answer_with_200_alone(odd: OddSmdp, call: str, status: int) -> None:
    odd.say(b"" if status == 204 else GOOD, status, location="/elsewhere")
    with pytest.raises(EsimUnknown):
        CALLS[call](odd.adapter())
    assert len(odd.heard) == 1  # nor is a redirect followed


@every_call
def test_another_protocol_is_unknown(odd: OddSmdp, call: str) -> None:
    odd.say(GOOD, X_Admin_Protocol="soap/1.1")
    with pytest.raises(EsimUnknown):
        CALLS[call](odd.adapter())


def test_good_answers(odd: OddSmdp) -> None:
    smdp = odd.adapter()
    odd.say(GOOD, X_Admin_Protocol="gsma/rsp/v3.1.0")
    assert CALLS["downloadOrder"](smdp) == Reserved(ICCID)
    assert CALLS["cancelOrder"](smdp) == CALLS["releaseProfile"](smdp) == Done()
    odd.say({**GOOD, "smdpAddress": "rsp.example.com", "eid": EID, "vendor": {"own": 1}})
    assert CALLS["confirmOrder"](smdp) == Confirmed(MATCHING_ID, "rsp.example.com")


def test_a_warning_is_done_and_kept(odd: OddSmdp) -> None:
    odd.say(ended("Executed-WithWarning", "8.2.1", "4.3", iccid=ICCID, matchingId=MATCHING_ID))
    smdp = odd.adapter()
    assert CALLS["downloadOrder"](smdp) == Reserved(ICCID, "8.2.1/4.3")
    assert CALLS["confirmOrder"](smdp) == Confirmed(MATCHING_ID, warning="8.2.1/4.3")
    assert CALLS["releaseProfile"](smdp) == Done("8.2.1/4.3")


def test_failed_over_200_is_refused(odd: OddSmdp) -> None:
    odd.say(ended("Failed", "8.2.1", "3.5", iccid=ICCID, matchingId=MATCHING_ID))
    for call in CALLS.values():
        assert call(odd.adapter()) == Refused("wrong_state", "8.2.1/3.5")


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        ("downloadOrder", {}),
        ("downloadOrder", {"iccid": "8988211000000000029"}),
        ("downloadOrder", {"iccid": "8988211000000000012"}),
        ("downloadOrder", {"iccid": 8988211000000000011}),
        ("confirmOrder", {"matchingId": "ANOTHER"}),
        ("confirmOrder", {"matchingId": MATCHING_ID, "eid": "89049032123451234512345678901236"}),
        ("confirmOrder", {"matchingId": ["x"]}),
        ("confirmOrder", {"smdpAddress": "https://rsp.example.com"}),
        ("confirmOrder", {"smdpAddress": "rsp.example.com$X"}),
    ],
)
def test_an_answer_about_something_else_is_unknown(
    odd: OddSmdp, call: str, fields: dict[str, Any]
) -> None:
    odd.say(ended("Executed-Success", **fields))
    with pytest.raises(EsimUnknown):
        CALLS[call](odd.adapter())


def test_a_matching_id_that_is_not_repeated(odd: OddSmdp) -> None:
    odd.say(ended("Executed-Success"))
    assert CALLS["confirmOrder"](odd.adapter()) == Confirmed(MATCHING_ID)
    for theirs in ({}, {"matchingId": ""}, {"matchingId": "lower case"}):
        odd.say(ended("Executed-Success", **theirs))
        with pytest.raises(EsimUnknown):  # nobody knows what the holder should type
            odd.adapter().confirm(ConfirmRequest(CALL_ID, ICCID, release=True))


@every_call
def test_answers_without_end_are_unknown(odd: OddSmdp, call: str) -> None:
    odd.drips = True
    with pytest.raises(EsimUnknown):
        CALLS[call](odd.adapter(timeout_s=0.2))


@every_call
def test_silence_is_unknown(odd: OddSmdp, call: str) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        port = deaf.getsockname()[1]
        with pytest.raises(EsimUnknown):
            CALLS[call](OddSmdp(odd.tls_folder, port=port).adapter(timeout_s=0.2))
    with pytest.raises(EsimUnknown):
        CALLS[call](OddSmdp(odd.tls_folder, port=free_port()).adapter(timeout_s=0.5))


@every_call
def test_strangers_are_not_spoken_to(odd: OddSmdp, call: str, tmp_path: Path) -> None:
    """Neither side believes a certificate of another authority."""
    keep_certificates(tmp_path)
    with pytest.raises(EsimUnknown):
        CALLS[call](odd.adapter(folder=tmp_path))
    stranger = OddSmdp(tmp_path, port=odd.port)
    with pytest.raises(EsimUnknown):
        CALLS[call](stranger.adapter(folder=odd.tls_folder))
    assert odd.heard == []


def test_the_servers_name_must_be_right(odd: OddSmdp) -> None:
    with odd_smdp(odd.tls_folder, address="127.0.0.2") as elsewhere:
        elsewhere.say(GOOD)
        with pytest.raises(EsimUnknown):
            CALLS["releaseProfile"](elsewhere.adapter())
        assert elsewhere.heard == []


def test_secrets_are_in_no_log_and_no_repr(odd: OddSmdp, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    echo = ended("Failed", "8.2.6", "3.3")
    echo["header"]["functionExecutionStatus"]["statusCodeData"]["message"] = (  # type: ignore[index]
        f"{MATCHING_ID} {CODE} is in use"
    )
    for answer in (GOOD, echo, ended("Executed-Success", matchingId="X", iccid=CODE), b"no"):
        odd.say(answer)
        for call in ("confirmOrder", "cancelOrder", "downloadOrder"):
            try:
                told.append(repr(CALLS[call](odd.adapter())))
            except EsimUnknown as error:
                told.extend(traceback.format_exception(error))
    request = a_confirmation()
    told += [repr(request), str(request), caplog.text]
    everything = "\n".join(told)
    assert "confirmOrder" in everything
    assert MATCHING_ID not in everything
    assert CODE not in everything
