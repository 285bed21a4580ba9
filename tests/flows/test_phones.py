"""A phone at the fake SM-DP+, a process of its own: bought, downloaded, told, followed."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from keepline.flows import buy_line
from keepline.flows.advance_order import advance
from keepline.gateways import switchboard
from keepline.inventory import queries as stock
from keepline.inventory.models import Profile, ProfileNotice
from keepline.payments.models import RefusedWebhooks
from tests.cast import NOW
from tests.flows.buying import request, stocked
from tests.gateways.es2plus_process import CALLBACK_SECRET, Es2PlusProcess, es2plus_process
from tests.gateways.iccids import an_eid

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/gsma/rsp2/es2plus/handleDownloadProgressInfo"
SUBJECT = "CN=fake-smdp"
REACHED_WITHIN_S = 15


@pytest.fixture
def smdp_process(live_server: Any, tmp_path: Path, settings: Any) -> Iterator[Es2PlusProcess]:
    settings.ENV = replace(
        settings.ENV, smdp_callback_secret=CALLBACK_SECRET, smdp_callback_subject=SUBJECT
    )
    with es2plus_process(tmp_path / "smdp", live_server.url + PATH) as process:
        switchboard.connect("smdp_plus", process.adapter)
        yield process
        switchboard._factories.pop("smdp_plus")


def bought(process: Es2PlusProcess) -> Profile:
    cast, _, iccids = stocked()
    rows = [{"iccid": iccid, "profile_type": "gold"} for iccid in iccids]
    process.call("POST", "/profiles", profiles=rows).raise_for_status()
    started = buy_line.start(request(cast), NOW)
    assert advance(started.order_id, "en", NOW) == "completed"
    return Profile.objects.get(line_id=started.order.line_id)


def reaches(iccid: str, state: str) -> Profile:
    until = time.monotonic() + REACHED_WITHIN_S
    while True:
        profile: Profile = Profile.objects.get(iccid=iccid)
        if profile.state == state:
            return profile
        assert time.monotonic() < until, f"it is {profile.state}, not {state}"
        time.sleep(0.05)


def test_a_phone_installs_what_was_bought_and_keepline_knows(smdp_process: Es2PlusProcess) -> None:
    profile = bought(smdp_process)
    assert profile.state == "released"
    eid = an_eid()
    code = str(stock.activation_code_of(profile))
    smdp_process.call("POST", "/phone", activation_code=code, eid=eid).raise_for_status()
    installed = reaches(profile.iccid, "installed")
    assert (installed.eid, installed.downloads) == (eid, 1)
    for act, state in (
        ("enable", "enabled"),
        ("disable", "disabled"),
        ("enable", "enabled"),
        ("disable", "disabled"),
        ("delete", "deleted"),
    ):
        smdp_process.call("POST", f"/phone/{profile.iccid}", act=act).raise_for_status()
        reaches(profile.iccid, state)
    before = ProfileNotice.objects.count()
    smdp_process.call("POST", "/notifications/send", again=True).raise_for_status()
    answers = {row["answer"] for row in smdp_process.notifications(profile.iccid)}
    assert answers == {"204"}
    assert ProfileNotice.objects.count() == before
    assert Profile.objects.get(iccid=profile.iccid).downloads == 1


def test_who_is_not_the_smdp_is_refused_and_counted(live_server: Any, settings: Any) -> None:
    url = live_server.url + PATH
    assert httpx.post(url, json={}, trust_env=False).status_code == 404  # none is set up
    settings.ENV = replace(
        settings.ENV, smdp_callback_secret=CALLBACK_SECRET, smdp_callback_subject=SUBJECT
    )
    headers = {"x-smdp-subject": SUBJECT, "x-smdp-secret": "a guess"}
    assert httpx.post(url, json={}, headers=headers, trust_env=False).status_code == 403
    (counted,) = RefusedWebhooks.objects.all()
    assert (counted.provider, counted.count) == ("es2plus", 1)
    assert not ProfileNotice.objects.exists()
