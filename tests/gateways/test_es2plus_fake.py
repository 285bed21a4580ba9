"""The fake SM-DP+: a phone played on it, what it notifies, its certificates and its bad days."""

import json
import os
import signal
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from keepline.core.identifiers import ActivationCode
from keepline.gateways.esim.es2plus.fake.certificates import keep_certificates
from keepline.gateways.esim.es2plus.fake.notifications import SUBJECT
from keepline.gateways.esim.es2plus.progress import read_progress
from keepline.gateways.esim.port import (
    CancelRequest,
    Confirmed,
    ConfirmRequest,
    DownloadProgress,
    DownloadRequest,
    EsimUnknown,
    Refused,
    ReleaseRequest,
    Reserved,
)
from tests.gateways.es2plus_process import (
    CALLBACK_SECRET,
    Es2PlusProcess,
    es2plus_process,
)
from tests.gateways.iccids import an_eid


class Keepline:
    """Stands where the callback goes, and answers `status`."""

    def __init__(self) -> None:
        self.status = 204
        self.heard: list[tuple[dict[str, str], DownloadProgress]] = []

    def told(self) -> list[tuple[int, str, str]]:
        """Point, status and reason of each notification."""
        each = [progress for _, progress in self.heard]
        return [(p.notification_point_id, p.status, p.reason_code) for p in each]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Keepline, str]]:
    keepline = Keepline()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            keepline.heard.append((headers, read_progress(body)))
            self.send_response(keepline.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
    yield keepline, f"http://127.0.0.1:{listening.server_address[1]}/progress"
    listening.shutdown()
    listening.server_close()


@pytest.fixture(scope="module")
def running(
    server: tuple[Keepline, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Es2PlusProcess]:
    with es2plus_process(tmp_path_factory.mktemp("smdp"), server[1]) as process:
        yield process


@pytest.fixture
def keepline(server: tuple[Keepline, str], running: Es2PlusProcess) -> Keepline:
    server[0].status = 204
    running.call("POST", "/notifications/send").raise_for_status()
    server[0].heard.clear()
    running.call("DELETE", "/behaviour").raise_for_status()
    return server[0]


def on_sale(
    smdp: Es2PlusProcess, code: str | None = None, eid: str | None = None
) -> ActivationCode:
    """The activation code of a released profile, and with it its matching id."""
    (iccid,) = smdp.stock("gold")
    adapter, matching_id = smdp.adapter(), f"M-{iccid}"
    assert adapter.order_download(DownloadRequest(uuid4(), iccid, eid=eid)) == Reserved(iccid)
    confirmed = adapter.confirm(
        ConfirmRequest(
            uuid4(), iccid, release=True, matching_id=matching_id, confirmation_code=code, eid=eid
        )
    )
    assert isinstance(confirmed, Confirmed)
    assert confirmed.smdp_address == "localhost"
    return ActivationCode(confirmed.smdp_address, matching_id, confirmation_required=bool(code))


def scan(
    smdp: Es2PlusProcess, code: ActivationCode, eid: str, typed: str = "", end: str = "installed"
) -> httpx.Response:
    return smdp.call(
        "POST",
        "/phone",
        activation_code=str(code),
        eid=eid,
        confirmation_code=typed,
        end=end,
    )


OK = "Executed-Success"


def test_a_phone_downloads_installs_and_lives(running: Es2PlusProcess, keepline: Keepline) -> None:
    code, eid = on_sale(running), an_eid()
    answer = scan(running, code, eid)
    iccid = answer.json()["iccid"]
    for act in ("enable", "disable", "enable", "disable", "delete"):
        running.call("POST", f"/phone/{iccid}", act=act).raise_for_status()
    points = [3, 4, 6, 7, 6, 7, 8]
    assert keepline.told() == [(point, OK, "") for point in points]
    assert {(p.iccid, p.eid, p.profile_type) for _, p in keepline.heard} == {(iccid, eid, "gold")}
    adapter = running.adapter()
    events = [adapter.event_of(progress) for _, progress in keepline.heard]
    assert events == ["download", "install", "enable", "disable", "enable", "disable", "delete"]
    assert running.profile(iccid)["state"] == "Deleted"
    headers = keepline.heard[0][0]
    assert (headers["x-smdp-subject"], headers["x-smdp-secret"]) == (SUBJECT, CALLBACK_SECRET)
    assert headers["x-admin-protocol"].startswith("gsma/rsp/v2")


def test_acts_that_a_phone_does_not_offer(running: Es2PlusProcess, keepline: Keepline) -> None:
    iccid = scan(running, on_sale(running), an_eid()).json()["iccid"]
    keepline.heard.clear()
    assert running.call("POST", f"/phone/{iccid}", act="disable").status_code == 409
    running.call("POST", f"/phone/{iccid}", act="enable").raise_for_status()
    assert running.call("POST", f"/phone/{iccid}", act="delete").status_code == 409
    assert running.call("POST", f"/phone/{iccid}", act="explode").status_code == 409
    assert keepline.told() == [(6, OK, "")]


def test_a_second_phone_gets_nothing(running: Es2PlusProcess, keepline: Keepline) -> None:
    code = on_sale(running)
    scan(running, code, an_eid()).raise_for_status()
    assert scan(running, code, an_eid()).json() == {"refused": "not_released"}


def test_another_device_than_the_bound_one(running: Es2PlusProcess, keepline: Keepline) -> None:
    eid = an_eid()
    code = on_sale(running, eid=eid)
    assert scan(running, code, an_eid()).json() == {"refused": "other_device"}
    assert keepline.told() == [(1, "Failed", "3.10")]
    assert (
        running.adapter().event_of(keepline.heard[0][1]) is None
    )  # the right phone may still come
    scan(running, code, eid).raise_for_status()


def test_confirmation_codes_run_out(running: Es2PlusProcess, keepline: Keepline) -> None:
    code, eid = on_sale(running, "4711"), an_eid()
    words = [scan(running, code, eid, typed).json()["refused"] for typed in ("", "1", "2", "3")]
    assert words == [
        "confirmation_code_missing",
        "confirmation_code_wrong",
        "confirmation_code_wrong",
        "too_many_wrong_codes",
    ]
    assert keepline.told() == [(2, "Failed", "6.4")]
    assert running.adapter().event_of(keepline.heard[0][1]) == "fail"
    assert scan(running, code, eid, "4711").json() == {"refused": "not_released"}
    right = on_sale(running, "4711")
    scan(running, right, eid, "4711").raise_for_status()


@pytest.mark.parametrize(
    ("end", "told", "event", "state"),
    [
        ("no_room", [(3, OK, ""), (4, "Failed", "4.8")], None, "Downloaded"),
        ("broken", [(3, OK, ""), (4, "Failed", "4.2")], "fail", "Error"),
        ("holder_said_no", [(3, "Failed", "3.8")], "fail", "Error"),
    ],
)
def test_installations_that_fail(
    running: Es2PlusProcess,
    keepline: Keepline,
    end: str,
    told: list[tuple[int, str, str]],
    event: str | None,
    state: str,
) -> None:
    code, eid = on_sale(running), an_eid()
    assert scan(running, code, eid, end=end).json() == {"refused": end}
    assert keepline.told() == told
    last = keepline.heard[-1][1]
    assert running.adapter().event_of(last) == event
    assert running.profile(last.iccid)["state"] == state


def test_a_downloaded_profile_is_not_cancelled(running: Es2PlusProcess, keepline: Keepline) -> None:
    iccid = scan(running, on_sale(running), an_eid()).json()["iccid"]
    answer = running.adapter().cancel(CancelRequest(uuid4(), iccid, "Available"))
    assert isinstance(answer, Refused)
    assert answer.kind == "in_use"


def test_notifications_come_again_when_asked(running: Es2PlusProcess, keepline: Keepline) -> None:
    keepline.status = 500
    iccid = scan(running, on_sale(running), an_eid()).json()["iccid"]
    assert [row["answer"] for row in running.notifications(iccid)] == ["500", "500"]
    keepline.status = 204
    assert running.call("POST", "/notifications/send").json() == {"sent": 2}
    assert [row["answer"] for row in running.notifications(iccid)] == ["204", "204"]
    first, second = keepline.heard[:2], keepline.heard[2:]
    assert [p.key for _, p in first] == [p.key for _, p in second]  # to be known as the same


def test_bad_days(running: Es2PlusProcess, keepline: Keepline) -> None:
    (iccid,) = running.stock("gold")
    request = DownloadRequest(uuid4(), iccid)
    running.behave(mode="down")
    with pytest.raises(EsimUnknown, match="503"):
        running.adapter().order_download(request)
    running.behave(mode="slow:1.5", on="downloadOrder", times=1)
    with pytest.raises(EsimUnknown):
        running.adapter(timeout_s=0.3).order_download(request)
    assert running.adapter().order_download(request) == Reserved(iccid)  # done meanwhile, once
    running.behave(mode="refuse:8.2.1/1.2", on="releaseProfile")
    refused = running.adapter().release(ReleaseRequest(uuid4(), iccid))
    assert refused == Refused("not_allowed", "8.2.1/1.2", "on demand")
    assert isinstance(
        running.adapter().confirm(ConfirmRequest(uuid4(), iccid, release=False)), Confirmed
    )
    for wrong in ({"mode": "odd"}, {"on": "x"}, {"times": 0}, {"weather": "rain"}):
        assert running.call("PUT", "/behaviour", **wrong).status_code == 422


def test_an_smdp_that_forgets_call_ids(running: Es2PlusProcess, keepline: Keepline) -> None:
    """SGP.22 allows it; what a repeat says then is how docs/gateways/es2plus.md reads it."""
    running.behave(remembers_calls=False)
    adapter = running.adapter()
    (iccid,) = running.stock("gold")
    order = DownloadRequest(uuid4(), iccid)
    confirm = ConfirmRequest(uuid4(), iccid, release=False, matching_id=f"F-{iccid}")
    release = ReleaseRequest(uuid4(), iccid)
    cancel = CancelRequest(uuid4(), iccid, "Available", f"F-{iccid}")
    kinds = []
    for call, request in (
        (adapter.order_download, order),
        (adapter.confirm, confirm),
        (adapter.release, release),
        (adapter.cancel, cancel),
    ):
        assert not isinstance(call(request), Refused)  # type: ignore[operator]
        kinds.append(call(request).kind)  # type: ignore[operator]
    assert kinds == ["in_use", "matching_id_taken", "wrong_state", "wrong_state"]


def test_the_requester_must_be_known(running: Es2PlusProcess) -> None:
    (iccid,) = running.stock("gold")
    adapter = running.adapter()
    adapter._requester = "somebody"
    answer = adapter.order_download(DownloadRequest(uuid4(), iccid))
    assert isinstance(answer, Refused)
    assert (answer.kind, answer.code) == ("not_allowed", "1.1/1.1")


def test_a_wrong_or_no_certificate_gets_nothing(running: Es2PlusProcess, tmp_path: Path) -> None:
    (iccid,) = running.stock("gold")
    keep_certificates(tmp_path)
    stranger = running.adapter(tls=running.tls(folder=tmp_path))
    with pytest.raises(EsimUnknown):
        stranger.order_download(DownloadRequest(uuid4(), iccid))
    with pytest.raises(EsimUnknown):  # of the right authority, for servers and not for clients
        running.adapter(tls=running.tls("server")).order_download(DownloadRequest(uuid4(), iccid))
    authority = ssl.create_default_context(cafile=running.data_dir / "tls" / "ca.pem")
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{running.url}/control/notifications", verify=authority, trust_env=False)
    assert running.profile(iccid)["state"] == "Available"


def test_it_survives_a_kill(tmp_path: Path) -> None:
    with es2plus_process(tmp_path) as process:
        (iccid,) = process.stock("gold")
        request = DownloadRequest(uuid4(), iccid)
        assert process.adapter().order_download(request) == Reserved(iccid)
        process.end(signal.SIGKILL)
        process.start()
        assert process.adapter().order_download(request) == Reserved(iccid)
        assert process.profile(iccid)["state"] == "Allocated"
        assert process.end(signal.SIGTERM) == 0


def test_it_is_for_no_production(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "KEEPLINE_MODE": "production"}
    command = Es2PlusProcess(tmp_path).command()
    run = subprocess.run(command, env=environment, capture_output=True, timeout=30)
    assert run.returncode == 2
    assert b"production" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_its_keys_are_for_their_owner_alone(running: Es2PlusProcess) -> None:
    folder = running.data_dir / "tls"
    for name in ("client.key", "server.key"):
        assert (folder / name).stat().st_mode & 0o077 == 0
    shown = json.dumps(running.profile(on_sale(running, "4711").matching_id[2:]))
    assert '"4711"' not in shown
