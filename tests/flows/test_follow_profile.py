"""follow_profile: what the SM-DP+ tells moves the profile it tells of, once, and never back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from keepline.audit.models import AuditEvent
from keepline.catalog import queries as catalog
from keepline.catalog.models import Carrier
from keepline.flows import buy_line
from keepline.flows.advance_order import advance
from keepline.flows.follow_profile import count_refused, follow_profile
from keepline.gateways import switchboard
from keepline.gateways.esim.port import DownloadProgress
from keepline.inventory import notices
from keepline.inventory.models import Pool, Profile, ProfileNotice
from keepline.payments.models import RefusedWebhooks
from keepline.slots.ids import new_id
from tests.cast import NOW, Cast
from tests.doubles import ScriptedSmdp
from tests.flows.at_once import at_once
from tests.flows.buying import request, stocked
from tests.inventory import shelves

pytestmark = pytest.mark.django_db
EID, OTHER_EID = "89" + "0" * 30, "89" + "1" * 30
DOWNLOADED, INSTALLED, ENABLED, DISABLED, DELETED = 3, 4, 6, 7, 8


@pytest.fixture
def bought(smdp: ScriptedSmdp) -> tuple[Cast, str]:
    """A line with a profile that phones may download."""
    cast, *_ = stocked()
    started = buy_line.start(request(cast), NOW)
    advance(started.order_id, "en", NOW)
    profile = Profile.objects.get(line_id=started.order.line_id)
    assert profile.state == "released"
    return cast, profile.iccid


def told(iccid: str, point: int, minute: int = 0, **fields: Any) -> DownloadProgress:
    """That the phone came to a point, so many minutes after NOW."""
    values: dict[str, Any] = {
        "iccid": iccid,
        "eid": EID,
        "profile_type": "gold",
        "notification_point_id": point,
        "status": "Executed-Success",
        "subject_code": "",
        "reason_code": "",
        "message": "",
        "occurred_at": NOW + timedelta(minutes=minute),
        "requester": "1.2.3",
        "call_id": "always the same",
    }
    return DownloadProgress(**(values | fields))


def state_of(iccid: str) -> str:
    return str(Profile.objects.get(iccid=iccid).state)


def outcomes(iccid: str) -> list[tuple[int, str]]:
    rows = ProfileNotice.objects.filter(iccid=iccid).order_by("occurred_at", "point")
    return list(rows.values_list("point", "outcome"))


def test_only_its_carriers_own_smdp_plus_tells_of_it(
    bought: tuple[Cast, str], smdp: ScriptedSmdp, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, iccid = bought
    before = dict(switchboard._factories)
    ais = Carrier.objects.create(code="ais", name="AIS", country="TH")
    catalog.forget()
    Pool.objects.filter(kind="profile").update(carrier=ais)
    switchboard.connect_own("smdp_plus", "ais", lambda: smdp)
    for stranger in ({""}, {"true-th"}):
        outcome = follow_profile(told(iccid, DOWNLOADED), NOW, stranger.__contains__)
        assert (outcome, state_of(iccid)) == ("unknown", "released")
    assert not ProfileNotice.objects.exists(), "nothing that keeps the right word from counting"
    assert follow_profile(told(iccid, DOWNLOADED), NOW, {"ais"}.__contains__) == "moved"
    assert state_of(iccid) == "downloaded"
    switchboard._factories.clear()
    switchboard._factories.update(before)


def test_a_phone_downloads_installs_and_switches_on(bought: tuple[Cast, str]) -> None:
    cast, iccid = bought
    states = []
    for minute, point in enumerate((1, DOWNLOADED, INSTALLED, ENABLED, DISABLED, DELETED)):
        follow_profile(told(iccid, point, minute), NOW)
        states.append(state_of(iccid))
    assert states == ["released", "downloaded", "installed", "enabled", "disabled", "deleted"]
    profile = Profile.objects.get(iccid=iccid)
    assert (profile.eid, profile.downloads) == (EID, 1)
    events = AuditEvent.objects.filter(action="profile.followed", account_id=cast.account.id)
    assert [event.facts["to"] for event in events.order_by("id")] == states[1:]
    assert {event.subject_id for event in events} == {profile.line_id}


def test_the_same_told_twice_changes_nothing(bought: tuple[Cast, str]) -> None:
    _, iccid = bought
    notice = told(iccid, DOWNLOADED)
    assert follow_profile(notice, NOW) == "moved"
    assert follow_profile(notice, NOW + timedelta(hours=1)) is None
    assert follow_profile(replace(notice, profile_type="padded", message="another"), NOW) is None
    assert Profile.objects.get(iccid=iccid).downloads == 1
    assert outcomes(iccid) == [(DOWNLOADED, "moved")]
    assert AuditEvent.objects.filter(action="profile.followed").count() == 1


@pytest.mark.parametrize(
    "order",
    [
        (DOWNLOADED, INSTALLED, ENABLED, DISABLED),
        (DISABLED, ENABLED, INSTALLED, DOWNLOADED),
        (ENABLED, DOWNLOADED, DISABLED, INSTALLED),
        (DOWNLOADED, DISABLED, INSTALLED, ENABLED),
    ],
)
def test_in_whatever_order_it_is_told(bought: tuple[Cast, str], order: tuple[int, ...]) -> None:
    """What comes too early waits for its turn; what comes too late changes nothing."""
    _, iccid = bought
    when = {DOWNLOADED: 1, INSTALLED: 2, ENABLED: 3, DISABLED: 4}
    for point in order:
        follow_profile(told(iccid, point, when[point]), NOW)
    assert state_of(iccid) == "disabled"
    assert len(outcomes(iccid)) == len(order)


def test_what_was_before_something_that_counts_changes_nothing(bought: tuple[Cast, str]) -> None:
    _, iccid = bought
    follow_profile(told(iccid, INSTALLED, 2), NOW)
    follow_profile(told(iccid, ENABLED, 9), NOW)
    assert follow_profile(told(iccid, DISABLED, 5), NOW) == "kept"
    assert state_of(iccid) == "enabled"


def test_off_and_on_again_told_the_wrong_way_round(bought: tuple[Cast, str]) -> None:
    """That it was on for the second time is told before that it was off."""
    _, iccid = bought
    for point, minute in ((INSTALLED, 2), (ENABLED, 3), (ENABLED, 9), (DISABLED, 5)):
        follow_profile(told(iccid, point, minute), NOW)
    assert state_of(iccid) == "enabled"
    assert {outcome for _, outcome in outcomes(iccid)} == {"moved"}


def test_a_failure_ends_it_and_one_for_now_does_not(bought: tuple[Cast, str]) -> None:
    _, iccid = bought
    for_now = {"status": "Failed", "subject_code": "8.1", "reason_code": "4.8"}
    assert follow_profile(told(iccid, INSTALLED, **for_now), NOW) == "kept"
    assert state_of(iccid) == "released"
    with capture_logs() as logged:
        gone = for_now | {"reason_code": "6.4"}
        assert follow_profile(told(iccid, DOWNLOADED, 1, **gone), NOW) == "moved"
    assert state_of(iccid) == "error"
    assert Profile.objects.get(iccid=iccid).eid == ""  # nothing is on that phone
    assert [each["event"] for each in logged] == ["profile_failed"]
    assert EID not in str(logged)
    assert follow_profile(told(iccid, INSTALLED, 2), NOW) == "kept"
    assert state_of(iccid) == "error"


def test_it_moves_the_profile_it_tells_of_and_no_other(bought: tuple[Cast, str]) -> None:
    _, iccid = bought
    other = shelves.iccid(10**6 + 1)
    assert state_of(other) == "available"
    assert follow_profile(told(other, INSTALLED), NOW) == "kept"  # on the shelf it is nobody's
    assert (state_of(iccid), state_of(other)) == ("released", "available")


def test_a_profile_that_is_not_ours_is_counted_and_no_error() -> None:
    stranger = shelves.iccid(5)
    assert follow_profile(told(stranger, INSTALLED), NOW) == "unknown"
    assert follow_profile(told(stranger, INSTALLED), NOW) is None
    assert outcomes(stranger) == [(INSTALLED, "unknown")]


def test_another_phone_takes_it_over(bought: tuple[Cast, str]) -> None:
    _, iccid = bought
    follow_profile(told(iccid, DOWNLOADED, 1), NOW)
    follow_profile(told(iccid, INSTALLED, 2, eid=OTHER_EID), NOW)
    assert Profile.objects.get(iccid=iccid).eid == OTHER_EID
    follow_profile(told(iccid, ENABLED, 3, eid=None), NOW)
    assert Profile.objects.get(iccid=iccid).eid == OTHER_EID


def test_what_was_told_of_the_last_holder_does_not_count_for_the_next(
    bought: tuple[Cast, str],
) -> None:
    _, iccid = bought
    notices.keep(
        iccid,
        "0" * 64,
        NOW,
        line_id=new_id(1),
        point=DOWNLOADED,
        status="Executed-Success",
        event="download",
        outcome="moved",
        occurred_at=NOW + timedelta(minutes=9),
    )
    assert follow_profile(told(iccid, INSTALLED, 1), NOW) == "moved"


def test_without_an_smdp_it_is_kept(bought: tuple[Cast, str]) -> None:
    _, iccid = bought
    switchboard._factories.pop("smdp_plus")
    assert follow_profile(told(iccid, INSTALLED), NOW) == "kept"
    assert state_of(iccid) == "released"


def test_who_is_not_believed_is_counted() -> None:
    count_refused(NOW)
    count_refused(NOW)
    (counted,) = RefusedWebhooks.objects.all()
    assert (counted.provider, counted.count) == ("es2plus", 2)
    assert not ProfileNotice.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_all_told_at_once_ends_where_it_would_one_after_the_other(
    smdp: ScriptedSmdp, hardly_any_limits: None
) -> None:
    cast, *_ = stocked()
    started = buy_line.start(request(cast), NOW)
    advance(started.order_id, "en", NOW)
    iccid = Profile.objects.get(line_id=started.order.line_id).iccid
    points = [DOWNLOADED, INSTALLED, ENABLED, DISABLED] * 2

    def tell(point: int) -> Callable[[], object]:
        return lambda: follow_profile(told(iccid, point, point), NOW)

    answers = at_once([tell(point) for point in points])
    assert sum(answer is None for answer in answers) == 4
    assert state_of(iccid) == "disabled"
