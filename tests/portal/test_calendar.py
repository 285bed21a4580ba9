"""The calendar feed: parsed by two readers, truthful in every state, secret, and of one price."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
import vobject
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from keepline.accounts.models import CalendarFeed, Membership
from keepline.audit.models import AuditEvent
from keepline.core.ids import slot_of_text
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.number import NumberState
from keepline.flows import renew_line
from keepline.flows.rename_line import rename_line
from keepline.inventory.models import Number
from keepline.lines.models import Line, Validity
from keepline.slots.ids import new_id
from tests.cast import NOW, Cast, line
from tests.flows.acts import request

pytestmark = pytest.mark.django_db


def address_of(client: Client) -> str:
    """The path of a fresh address."""
    page = client.post("/account/calendar/").content.decode()
    (found,) = set(re.findall(r"http://[\w.:]+(/calendar/kl_cal_[\w-]{43}\.ics)", page))
    return found


def read(path: str, **headers: str) -> Any:
    """As a calendar does it: no cookie, no session."""
    return Client().get(path, headers=headers)


def events(path: str) -> list[Any]:
    """By icalendar; vobject must read the same."""
    content = read(path).content
    mine = Calendar.from_ical(content).walk("VEVENT")
    other = vobject.readOne(content.decode())
    theirs = other.contents.get("vevent", [])
    assert [str(one["UID"]) for one in mine] == [one.uid.value for one in theirs]
    assert [one["DTSTART"].dt for one in mine] == [one.dtstart.value for one in theirs]
    assert [str(one["SUMMARY"]) for one in mine] == [one.summary.value for one in theirs]
    return list(mine)


def put(stage: Cast, state: LineState, **columns: Any) -> None:
    """The line in another state, as a test's own year would have brought it there."""
    Validity.objects.filter(id=stage.line.id).update(state=state, **columns)


def test_one_event_a_line_with_expiry_and_date_of_loss(stage: Cast, alice: Client) -> None:
    Line.objects.filter(id=stage.line.id).update(label="Mother's, home; \\ 家", e164=442071838750)
    (event,) = events(address_of(alice))
    expiry = (NOW + timedelta(days=10)).astimezone(ZoneInfo("Europe/Berlin"))
    assert event["DTSTART"].dt == expiry
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert str(event["SUMMARY"]).startswith("Mother's, home; \\ 家 (")
    told = str(event["DESCRIPTION"])
    assert "Paid until 20 March 2026, 13:00 (Berlin)." in told
    assert "Not renewed, it is withdrawn on 18 June 2026, 14:00 (Berlin)." in told
    assert "Date of loss: 15 December 2026, 13:00 (Berlin)." in told
    assert str(event["UID"]) == f"{stage.line.id}@keepline"
    assert str(event["URL"]).endswith(f"/lines/{stage.line.id}/")
    alarms = [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]
    assert alarms == [timedelta(days=-days) for days in (14, 7, 3, 1)]


def test_the_zone_is_told_along(stage: Cast, alice: Client) -> None:
    """Over the change to summer time: the wall time that a reader makes of it is the line's."""
    put(stage, LineState.ACTIVE, valid_until=datetime(2026, 4, 1, 12, tzinfo=UTC))
    path = address_of(alice)
    zone = Calendar.from_ical(read(path).content).walk("VTIMEZONE")[0]
    assert str(zone["TZID"]) == "Europe/Berlin"
    assert zone.to_tz(lookup_tzid=False).utcoffset(datetime(2026, 4, 1, 14)) == timedelta(hours=2)
    assert events(path)[0]["DTSTART"].dt.hour == 14


TRUTHS = {
    LineState.ACTIVE: ("runs out unless renewed", timedelta(days=10)),
    LineState.GRACE: ("grace ends, suspended unless renewed", timedelta(days=20)),
    LineState.SUSPENDED: ("withdrawn unless renewed", timedelta(days=50)),
}


@pytest.mark.parametrize("state", TRUTHS)
def test_every_state_is_told_truthfully(stage: Cast, alice: Client, state: LineState) -> None:
    expired = {
        LineState.ACTIVE: {"valid_until": NOW + timedelta(days=10)},
        LineState.GRACE: {
            "valid_until": NOW - timedelta(days=10),
            "since_at": NOW - timedelta(days=10),
        },
        LineState.SUSPENDED: {
            "valid_until": NOW - timedelta(days=40),
            "since_at": NOW - timedelta(days=10),
        },
    }[state]
    put(stage, state, **expired)
    (event,) = events(address_of(alice))
    words, ahead = TRUTHS[state]
    assert str(event["SUMMARY"]).endswith(words)
    assert event["DTSTART"].dt == NOW + ahead
    assert "Date of loss: " not in str(event["DESCRIPTION"]), "it has no number"
    assert event.walk("VALARM")
    Line.objects.filter(id=stage.line.id).update(e164=442071838750)
    assert "Date of loss: " in str(events(address_of(alice))[0]["DESCRIPTION"])


def test_a_withdrawn_number_until_it_is_lost(stage: Cast, alice: Client) -> None:
    reclaim_until, until_at = NOW + timedelta(days=120), NOW + timedelta(days=180)
    Line.objects.filter(id=stage.line.id).update(e164=442071838750)
    put(stage, LineState.TERMINATED, valid_until=NOW - timedelta(days=90), since_at=NOW)
    slot = slot_of_text("442071838750")
    Number.objects.create(
        slot=slot,
        id=new_id(slot),
        e164=442071838750,
        state=NumberState.QUARANTINE,
        since_at=NOW,
        line_id=stage.line.id,
        account_id=stage.account.id,
        until_at=until_at,
        reclaim_until=reclaim_until,
    )
    path = address_of(alice)
    (event,) = events(path)
    assert str(event["SUMMARY"]).endswith("last chance to have the number back")
    assert event["DTSTART"].dt == reclaim_until
    assert "Date of loss: 6 September 2026" in str(event["DESCRIPTION"])
    with time_machine.travel(NOW + timedelta(days=130), tick=False):
        (event,) = events(path)
        assert str(event["SUMMARY"]).endswith("the number is lost")
        assert event["DTSTART"].dt == until_at
    with time_machine.travel(NOW + timedelta(days=181), tick=False):
        assert events(path) == []


def test_what_renews_by_itself_calls_nobody(stage: Cast, alice: Client) -> None:
    put(stage, LineState.ACTIVE, auto_renew=True)
    (event,) = events(address_of(alice))
    assert str(event["SUMMARY"]).endswith("renews by itself")
    assert "first try on 17 March 2026" in str(event["DESCRIPTION"])
    assert not event.walk("VALARM")


def test_a_renewal_moves_the_event_and_calendars_can_tell(stage: Cast, alice: Client) -> None:
    path = address_of(alice)
    before = events(path)[0]
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        renew_line.start(request(stage), NOW + timedelta(hours=1))
        after = events(path)[0]
    assert after["UID"] == before["UID"]
    assert after["DTSTART"].dt > before["DTSTART"].dt
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt


def test_a_new_name_is_news(stage: Cast, alice: Client) -> None:
    path = address_of(alice)
    before = events(path)[0]
    rename_line(stage.line.id, stage.account.id, "Shop", "user:1", NOW)
    after = events(path)[0]
    assert str(after["SUMMARY"]).startswith("Shop")
    assert after["SEQUENCE"] > before["SEQUENCE"]


def test_in_the_holders_language(stage: Cast, alice: Client) -> None:
    path = address_of(alice)
    stage.alice.language = "zh-hans"
    stage.alice.save()
    (event,) = events(path)
    assert "若不续费" in str(event["SUMMARY"])
    assert "2026年3月20日" in str(event["DESCRIPTION"])


def test_who_has_it_already_gets_nothing(stage: Cast, alice: Client) -> None:
    path = address_of(alice)
    first = read(path)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert {"no-store", "private"} <= set(first["Cache-Control"].replace(",", "").split())
    assert not first.cookies
    again = read(path, if_none_match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    renew_line.start(request(stage), NOW)
    assert read(path, if_none_match=first["ETag"]).status_code == 200


def test_the_address_is_secret_revocable_and_dies_with_the_membership(
    stage: Cast, alice: Client
) -> None:
    first = address_of(alice)
    secret = first.split("/")[-1].removesuffix(".ics")
    assert secret.encode() not in bytes(CalendarFeed.objects.get().digest)
    assert secret not in alice.get("/account/calendar/").content.decode(), "shown once"
    second = address_of(alice)
    assert (read(first).status_code, read(second).status_code) == (404, 200)
    assert read(second[:-5] + "x.ics").status_code == 404
    assert read("/calendar/x.ics").status_code == 404
    assert alice.post("/account/calendar/revoke/").status_code == 302
    assert read(second).status_code == 404
    assert alice.post("/account/calendar/revoke/").status_code == 404
    acts = AuditEvent.objects.filter(action__startswith="calendar.").values_list("action")
    assert sorted(acts) == [("calendar.made",)] * 2 + [("calendar.revoked",)]
    third = address_of(alice)
    Membership.objects.filter(user=stage.alice).delete()
    assert read(third).status_code == 404


def test_nobodys_lines_but_the_accounts_own(stage: Cast, charlie: Client) -> None:
    assert events(address_of(charlie)) == []


def test_as_many_queries_for_many_lines_as_for_one(stage: Cast, alice: Client) -> None:
    path = address_of(alice)
    read(path)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert read(path).status_code == 200
        return len([q for q in queries if "django_cache" not in q["sql"]])

    one = count()
    for place in range(12):
        state = (LineState.ACTIVE, LineState.GRACE, LineState.SUSPENDED)[place % 3]
        line(stage.account, stage.plan, state=state, valid_until=NOW - timedelta(days=place % 3))
    assert count() == one
    assert len(events(path)) == 13


def test_who_asks_too_often_waits(stage: Cast, alice: Client) -> None:
    path = address_of(alice)
    answers = [read(path).status_code for _ in range(61)]
    assert answers[:60] == [200] * 60
    assert answers[60] == 429
