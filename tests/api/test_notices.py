"""/v1/notices: a program reads and changes its person's choices, and lists what was told."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.audit.models import AuditEvent
from keepline.messages import services as outbox
from keepline.messages.models import Preferences
from tests.api.callers import Caller
from tests.cast import NOW, Cast
from tests.telling import tell

pytestmark = pytest.mark.django_db
PATH, SENT = "/v1/notices", "/v1/notices/sent"
CHOICE = {"topic": "reminders", "channel": "email", "wanted": False}
QUIET = {"begin": "22:30", "end": "07:00"}


def chosen(answer: Any) -> dict[tuple[str, str], bool]:
    assert answer.status_code == 200, answer.content
    return {(one["topic"], one["channel"]): one["wanted"] for one in answer.json()["choices"]}


def told(stage: Cast, count: int = 1) -> None:
    rows = [("line.blocked", stage.account.id, stage.line.id)] * count
    outbox.put_all(rows, NOW)
    tell(NOW)


def test_what_is_usual_is_told_before_anything_was_said(alice: Caller) -> None:
    answer = alice.get(PATH)
    assert chosen(answer)["reminders", "email"]
    assert not chosen(answer).get(("reminders", "sms"), False)
    assert answer.json()["quiet_hours"] is None
    essential = {one["topic"] for one in answer.json()["choices"] if one["essential"]}
    assert essential == {"safety", "loss", "money"}
    reaches = {one["channel"]: one["reaches"] for one in answer.json()["channels"]}
    assert reaches["email"]


def test_what_is_named_is_set_and_the_rest_stays(alice: Caller) -> None:
    before = chosen(alice.get(PATH))
    first = alice.patch(PATH, {"choices": [CHOICE], "quiet_hours": QUIET})
    assert chosen(first) == before | {("reminders", "email"): False}
    again = alice.patch(PATH, {"choices": [{**CHOICE, "topic": "confirmations"}]})
    assert not chosen(again)["reminders", "email"]
    assert again.json()["quiet_hours"] == QUIET
    assert alice.patch(PATH, {"choices": [CHOICE]}).content == again.content
    assert AuditEvent.objects.filter(action="channels.chosen").count() == 3
    never = alice.patch(PATH, {"quiet_hours": {"begin": "08:00", "end": "08:00"}})
    assert never.json()["quiet_hours"] is None


def test_they_are_the_persons_own(alice: Caller, bob: Caller) -> None:
    alice.patch(PATH, {"choices": [CHOICE]})
    assert chosen(bob.get(PATH))["reminders", "email"]


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{**CHOICE, "topic": "weather"}]},
        {"choices": [{**CHOICE, "channel": "webhook"}]},
        {"choices": [{**CHOICE, "wanted": "no"}]},
        {"choices": [CHOICE] * 51},
        {"quiet_hours": {"begin": "24:00", "end": "07:00"}},
        {"quiet_hours": {"begin": "22:00"}},
        {"colour": "red"},
    ],
)
def test_what_is_refused_changes_nothing(alice: Caller, body: dict[str, Any]) -> None:
    answer = alice.patch(PATH, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert not Preferences.objects.exists()


def test_what_was_told_is_listed_in_pages(
    stage: Cast, alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepline.flows.list_told.SHOWN", 2)
    told(stage, 3)
    first = alice.get(SENT).json()
    rest = alice.get(f"{SENT}?cursor={first['next_cursor']}").json()
    assert [len(first["items"]), len(rest["items"])] == [2, 1]
    assert rest["next_cursor"] is None
    one = first["items"][0]
    assert (one["event"], one["channel"], one["outcome"]) == ("line.blocked", "email", "sent")
    assert (one["line_id"], one["to_me"]) == (str(stage.line.id), True)
    assert "alice@" not in str(first)
    assert len(alice.get(f"{SENT}?line_id={stage.line.id}").json()["items"]) == 2


def test_nobody_else_sees_it(stage: Cast, charlie: Caller) -> None:
    told(stage)
    assert charlie.get(SENT).json()["items"] == []
    of_line = charlie.get(f"{SENT}?line_id={stage.line.id}")
    assert of_line.status_code == 404 or of_line.json()["items"] == []


def test_many_are_listed_with_the_queries_of_one(
    stage: Cast, alice: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    told(stage, 20)
    with django_assert_max_num_queries(4):  # the token, and list_told's three
        assert len(alice.get(SENT).json()["items"]) == 20
