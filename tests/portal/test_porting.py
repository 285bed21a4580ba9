"""The page on which a number may go to another operator, and is kept."""

import re
from datetime import datetime

import pytest
import time_machine
from django.test import Client

from keepline.flows.follow_ports import follow
from tests.cast import NOW, Cast
from tests.flows.changing import OLD, equip
from tests.flows.leaving import ASKED, DAY, READY
from tests.portal.test_changes import body
from tests.porting import ScriptedHouse, house
from tests.sessions import signed_in

__all__ = ["house"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def line(stage: Cast, house: ScriptedHouse) -> str:
    equip(stage, fee_minor=250)
    house.owns(OLD)
    return f"/lines/{stage.line.id}/"


def at(now: datetime) -> tuple[time_machine.travel, Client]:
    """Her session does not live for weeks."""
    travel = time_machine.travel(now, tick=False)
    travel.start()
    return travel, signed_in("alice@example.com")


def post(client: Client, url: str) -> str:
    answer = client.post(url, follow=True)
    assert answer.status_code == 200, answer.content[:300]
    return str(answer.content.decode())


def test_asked_waited_for_shown_and_gone(alice: Client, line: str, house: ScriptedHouse) -> None:
    assert f'href="{line}port/"' in body(alice, line)
    assert "a short while ago" in body(alice, f"{line}port/")
    travels = []
    travel, alice = at(ASKED)
    travels.append(travel)
    page = body(alice, f"{line}port/")
    for said in ("How it goes", "19 March 2026, 12:00", "30 days", "24 hours", "Ask for the code"):
        assert said in page
    assert "It is shown here from" in post(alice, f"{line}port/")
    assert alice.post(f"{line}port/code/").status_code == 409
    travel, alice = at(READY)
    travels.append(travel)
    page = post(alice, f"{line}port/code/")
    found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", page)
    assert found
    assert found[0] not in body(alice, f"{line}port/"), "only when asked for"
    port_id = house.wanted(OLD, found[0])
    follow(READY)
    page = body(alice, f"{line}port/")
    assert "elsewhere came with the right code" in page
    assert "20 March 2026, 12:00" in page
    assert "The number is leaving" in body(alice, line)
    house.shows = READY + DAY
    house.cuts_over(port_id)
    follow(READY + DAY)
    assert "The number has gone" in body(alice, f"{line}port/")
    page = body(alice, line)
    assert "its number went to another operator" in page
    assert "You can have this number back" not in page
    for each in reversed(travels):
        each.stop()


def test_kept(alice: Client, line: str, house: ScriptedHouse) -> None:
    travel, alice = at(ASKED)
    post(alice, f"{line}port/")
    assert "You keep the number." in post(alice, f"{line}port/keep/")
    assert "Ask for the code" in body(alice, f"{line}port/")
    assert alice.post(f"{line}port/keep/").status_code == 409
    travel.stop()


def test_a_stranger_and_a_member_who_may_only_look(
    charlie: Client, line: str, house: ScriptedHouse
) -> None:
    assert charlie.get(f"{line}port/").status_code == 404
    for act in ("", "code/", "keep/"):
        assert charlie.post(f"{line}port/{act}").status_code == 404
        assert signed_in("bob@example.com").post(f"{line}port/{act}").status_code == 403


def test_without_a_clearing_house_there_is_no_such_way(alice: Client, stage: Cast) -> None:
    equip(stage, fee_minor=250)
    page = f"/lines/{stage.line.id}/"
    assert "port/" not in body(alice, page)
    assert "cannot be taken along here" in body(alice, f"{page}port/")
    assert NOW
