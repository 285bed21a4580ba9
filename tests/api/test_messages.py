"""/v1/messages: received messages, for members who may read them."""

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.callers import Caller
from tests.cast import NOW, Cast
from tests.flows.inboxes import E164, TEXT, arrives, numbered

pytestmark = pytest.mark.django_db
PATH = "/v1/messages"
CODE = "582914"


@pytest.fixture
def messages(stage: Cast) -> list[str]:
    numbered(stage)
    return [str(arrives(NOW).message_id) for _ in range(3)]


def test_they_are_listed_newest_first_and_codes_are_hidden(
    stage: Cast, alice: Caller, messages: list[str]
) -> None:
    answer = alice.get(PATH)
    items = answer.json()["items"]
    assert [one["id"] for one in items] == messages[::-1]
    assert (items[0]["number"], items[0]["has_code"]) == (f"+{E164}", True)
    assert items[0]["line_id"] == str(stage.line.id)
    assert CODE not in answer.content.decode()
    assert alice.get(f"{PATH}?line_id={stage.line.id}").json()["items"] == items


def test_who_asks_for_one_sees_its_code(alice: Caller, messages: list[str]) -> None:
    one = alice.get(f"{PATH}/{messages[0]}").json()
    assert (one["text"], one["code"]) == (TEXT, CODE)


def test_pages_follow_each_other(
    alice: Caller, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepline.flows.show_inbox.PAGE", 2)
    first = alice.get(PATH).json()
    rest = alice.get(f"{PATH}?cursor={first['next_cursor']}").json()
    seen = [one["id"] for one in first["items"] + rest["items"]]
    assert seen == messages[::-1]
    assert rest["next_cursor"] is None
    assert alice.get(f"{PATH}?cursor=made-up").json()["code"] == "cursor_refused"


def test_a_member_who_may_not_read_reads_nothing(
    bob: Caller, charlie: Caller, messages: list[str]
) -> None:
    for path in (PATH, f"{PATH}/{messages[0]}"):
        answer = bob.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "messages_closed")
        assert CODE not in answer.content.decode()
    assert charlie.get(PATH).json()["items"] == []
    assert charlie.get(f"{PATH}/{messages[0]}").status_code == 404


def test_many_are_listed_with_the_queries_of_one(
    stage: Cast, alice: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    numbered(stage)
    for _ in range(12):
        arrives(NOW)
    with django_assert_max_num_queries(4):  # the token, messages, orders behind them, lines
        assert len(alice.get(PATH).json()["items"]) == 12
