"""Messages to browsers: short, in the reader's language, and nothing that is nobody's business."""

from typing import Any

import pytest

from keepline.flows import renew_line
from keepline.flows.subscribe_browser import subscribe_browser
from keepline.gateways import switchboard
from keepline.lines.models import Line
from keepline.messages import services as outbox
from keepline.messages.models import Delivery, PushSubscription
from tests.cast import NOW, Cast, assemble
from tests.doubles import Mailbox
from tests.flows.acts import request
from tests.gateways.outer_world import says, server
from tests.gateways.test_web_push import CREATED, Browser, channel
from tests.telling import tell, tell_all

pytestmark = pytest.mark.django_db
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def cast() -> Cast:
    switchboard.connect("email", Mailbox)
    switchboard.connect("push", channel)
    cast = assemble()
    Line.objects.filter(id=cast.line.id).update(label="Mother", e164=442071838750)
    return cast


def subscribed(cast: Cast, port: int, place: str = "a") -> Browser:
    browser = Browser()
    given = browser.given(f"http://127.0.0.1:{port}/{place}")
    subscribe_browser(cast.alice.pk, cast.account.id, **given, user_agent="", now=NOW)
    return browser


def happens(cast: Cast, kind: str = "line.blocked") -> None:
    outbox.put_all([(kind, cast.account.id, cast.line.id)], NOW)


def read(browser: Browser, request_: bytes) -> Any:
    return browser.reads(request_.partition(b"\r\n\r\n")[2])


def outcome() -> str:
    return Delivery.objects.get(channel="push").outcome


def test_the_kind_and_the_lines_name_and_no_more(cast: Cast) -> None:
    with server(says(CREATED)) as (port, requests):
        browser = subscribed(cast, port)
        happens(cast)
        tell(NOW)
    said = read(browser, requests[0])
    assert (said["title"], said["body"]) == ("Your line is blocked", "Mother")
    assert said["path"] == f"/lines/{cast.line.id}/"
    assert "442071838750" not in str(said)
    assert "alice" not in str(said)
    assert outcome() == "sent"


def test_in_the_readers_language(cast: Cast) -> None:
    cast.alice.language = "zh-hans"
    cast.alice.save()
    with server(says(CREATED)) as (port, requests):
        browser = subscribed(cast, port)
        renew_line.start(request(cast), NOW)
        tell(NOW)
    said = read(browser, requests[0])
    assert said["lang"] == "zh-hans"
    assert "续费" in said["title"]
    words = said["title"] + said["body"]  # ids have any digits
    assert "300" not in words
    assert "3.00" not in words


def test_every_browser_of_a_person(cast: Cast) -> None:
    with server(says(CREATED)) as (port, requests):
        browsers = [subscribed(cast, port, place) for place in "ab"]
        happens(cast)
        tell(NOW)
    assert len(requests) == 2
    assert [read(*pair)["body"] for pair in zip(browsers, requests, strict=True)] == ["Mother"] * 2


def test_a_browser_that_is_gone_is_forgotten_and_the_other_told(cast: Cast) -> None:
    with server(says(GONE)) as (dead, _), server(says(CREATED)) as (port, requests):
        subscribed(cast, dead)
        subscribed(cast, port)
        happens(cast)
        tell(NOW)
    assert (outcome(), len(requests)) == ("sent", 1)
    assert PushSubscription.objects.count() == 1


def test_the_last_browser_gone(cast: Cast) -> None:
    with server(says(GONE)) as (port, _):
        subscribed(cast, port)
        happens(cast)
        tell(NOW)
    assert (outcome(), PushSubscription.objects.count()) == ("refused", 0)


def test_a_service_that_is_away_is_tried_again(cast: Cast) -> None:
    away = b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n"
    with server(says(away)) as (port, _):
        subscribed(cast, port)
        happens(cast)
        tell(NOW)
    row = Delivery.objects.get(channel="push")
    assert (row.outcome, row.reason) == ("", "503")
    assert row.due_at is not None
    assert PushSubscription.objects.count() == 1


def test_without_a_browser_there_is_no_push(cast: Cast) -> None:
    happens(cast)
    tell(NOW)
    assert not Delivery.objects.filter(channel="push").exists()


def test_many_lines_at_once_are_one_message(cast: Cast) -> None:
    from tests.cast import line

    with server(says(CREATED)) as (port, requests):
        browser = subscribed(cast, port)
        for each in (cast.line, line(cast.account, cast.plan)):
            outbox.put_all([("line.expiry_near", cast.account.id, each.id)], NOW)
        tell_all(NOW)
    assert len(requests) == 1
    assert read(browser, requests[0])["body"] == "2 lines"
