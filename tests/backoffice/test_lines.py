"""Staff find a line and block it for a holder who has lost it: asked twice, written down."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from keepline.accounts.models import User
from keepline.audit.models import AuditEvent
from keepline.inventory.models import Number
from keepline.lines.models import Validity
from keepline.messages.models import Outbox
from tests.cast import NOW, Cast
from tests.flows.changing import OLD, equip
from tests.flows.inboxes import arrives, take

ASKED = {"why": "stolen", "reason": "called, and knew the PUK"}


@pytest.fixture
def page(stage: Cast) -> str:
    equip(stage, 250)
    return f"/backoffice/lines/{stage.line.id}/"


def state_of(stage: Cast) -> str:
    return str(Validity.objects.by_id(stage.line.id).state)


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_line_is_found_and_shown(stage: Cast, page: str, olga: Client) -> None:
    assert page in text(olga.get("/backoffice/lines/", {"q": f"+{OLD}"}))
    assert "Nothing found" in text(olga.get("/backoffice/lines/", {"q": "nobody"}))
    with CaptureQueriesContext(connection) as queries:
        shown = text(olga.get(page))
    assert stage.account.name in shown
    assert f'href="{page}block/"' in shown
    assert len(queries) <= 25


def test_a_resting_number_to_which_people_still_write(stage: Cast, page: str, olga: Client) -> None:
    take(OLD, NOW)
    Validity.objects.filter(id=stage.line.id).update(state="terminated")
    shown = text(olga.get(page))
    assert "Number rests until" in shown
    assert "still write" not in shown
    arrives(NOW + timedelta(days=3), to=f"+{OLD}")
    Number.objects.filter(e164=OLD).update(longest_until=NOW + timedelta(days=300))
    shown = text(olga.get(page))
    assert "People still write to it: its release was put off" in shown
    assert "1 message came since it rests, the last on" in shown


def test_for_others_these_pages_do_not_exist(stage: Cast, page: str, alice: Client) -> None:
    former = User.objects.filter(email="olga@example.com")
    for address in ("/backoffice/lines/", page, f"{page}block/"):
        assert alice.get(address).status_code == 404
        assert Client().get(address).status_code == 302
    sure = ASKED | {"sure": "block"}
    assert alice.post(f"{page}block/", sure).status_code == 404
    assert Client().post(f"{page}block/", sure).status_code == 302
    assert former.update(is_staff=False) == 1
    assert state_of(stage) == "active"


def test_who_is_staff_no_more_can_do_nothing(stage: Cast, page: str, olga: Client) -> None:
    User.objects.filter(email="olga@example.com").update(is_staff=False)
    assert olga.post(f"{page}block/", ASKED | {"sure": "block"}).status_code == 404
    assert state_of(stage) == "active"


def test_blocked_after_a_second_look_and_unblocked_so(stage: Cast, page: str, olga: Client) -> None:
    assert "Nothing happens yet" in text(olga.get(f"{page}block/"))
    asks = text(olga.post(f"{page}block/", ASKED))
    assert "Really block it?" in asks
    assert "stolen: called, and knew the PUK" in asks
    assert 'value="called, and knew the PUK"' in asks
    assert state_of(stage) == "active"
    back = text(olga.post(f"{page}block/", ASKED | {"again": "1"}))
    assert "Really block it?" not in back
    done = text(olga.post(f"{page}block/", ASKED | {"sure": "block"}, follow=True))
    assert "The line is blocked." in done
    assert "stolen: called, and knew the PUK" in done
    assert state_of(stage) == "blocked"
    olga_id = User.objects.get(email="olga@example.com").pk
    event = AuditEvent.objects.get(action="line.blocked")
    assert (event.actor, event.reason) == (f"staff:{olga_id}", "stolen: called, and knew the PUK")
    assert Outbox.objects.get().kind == "line.blocked"

    back_with = {"reason": "found it at home"}
    assert "Really unblock it?" in text(olga.post(f"{page}block/", back_with))
    olga.post(f"{page}block/", back_with | {"sure": "unblock"})
    assert state_of(stage) == "active"
    assert AuditEvent.objects.get(action="line.unblocked").reason == "found it at home"


@pytest.mark.parametrize(
    "asked",
    [{}, {"why": "stolen", "reason": " "}, {"why": "sold", "reason": "x"}, {"reason": "x"}],
)
def test_without_a_reason_nothing_happens(
    stage: Cast, page: str, olga: Client, asked: dict[str, str]
) -> None:
    assert olga.post(f"{page}block/", asked | {"sure": "block"}).status_code == 400
    assert state_of(stage) == "active"
    assert not AuditEvent.objects.exists()


def test_a_page_that_is_out_of_date_does_not_do_the_opposite(
    stage: Cast, page: str, olga: Client
) -> None:
    olga.post(f"{page}block/", ASKED | {"sure": "block"})
    again = olga.post(f"{page}block/", ASKED | {"sure": "block"})
    assert again.status_code == 409
    assert state_of(stage) == "blocked"


def test_what_cannot_be_blocked_is_not_offered(stage: Cast, page: str, olga: Client) -> None:
    Validity.objects.filter(id=stage.line.id).update(state="paused")
    assert f'href="{page}block/"' not in text(olga.get(page))
    assert olga.get(f"{page}block/").status_code == 302


def test_the_desk_begins_with_the_lines(olga: Client) -> None:
    assert olga.get("/backoffice/")["Location"] == "/backoffice/lines/"
