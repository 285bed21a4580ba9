"""Pages of received messages: who sees them, what their source holds, and what keeps them."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from keepline.accounts.models import Membership, Role, User
from keepline.flows import show_inbox
from keepline.messages.inbox_models import InboxChoice, ReceivedMessage
from tests import cast
from tests.cast import NOW, Cast
from tests.flows.inboxes import E164, TEXT, arrives, give, numbered
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db
CODE = "582914"


@pytest.fixture
def inboxed(stage: Cast) -> Cast:
    return numbered(stage)


def member(stage: Cast, role: str, language: str = "en") -> Client:
    Membership.objects.filter(user=stage.bob).update(role=role)
    User.objects.filter(pk=stage.bob.pk).update(language=language)
    return signed_in("bob@example.com")


def text(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content
    return answer.content.decode()


def one_message(**fields: object) -> str:
    """Its page's address."""
    return f"/messages/{arrives(**fields).message_id}/"  # type: ignore[arg-type]


def test_the_list_hides_the_code_also_in_its_source(inboxed: Cast, alice: Client) -> None:
    arrives(sender="MyBank")
    for url in ("/messages/", f"/lines/{inboxed.line.id}/messages/"):
        page = text(alice, url)
        assert "MyBank" in page
        assert "Your code is Zitronenfalter ••••••" in page
        assert CODE not in page
        assert "Show the code" in page


def test_asked_for_it_is_there_with_a_button_that_copies(inboxed: Cast, alice: Client) -> None:
    url = one_message()
    assert CODE not in text(alice, url)
    page = alice.post(url).content.decode()
    assert f'data-copy="{CODE}"' in page
    assert TEXT in page
    part = alice.post(url, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith("<article")
    assert CODE in part


def test_a_text_is_text(inboxed: Cast, alice: Client) -> None:
    url = one_message(text="<script>alert(1)</script>\nline two", sender="<b>Bank</b>")
    for page in (text(alice, "/messages/"), alice.post(url).content.decode()):
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
        assert "<b>Bank" not in page


PAGES = ["/messages/", "{line}messages/", "{message}"]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_keeps_or_finds_such_a_page(page: str, inboxed: Cast, alice: Client) -> None:
    url = page.format(
        line=f"/lines/{inboxed.line.id}/", message=one_message(sender="Schmetterling")
    )
    for answer in (alice.get(url), alice.post(url, {"words": "schmetterling"})):
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]
        content = answer.content.decode()
        title = content.partition("<title>")[2].partition("</title>")[0]
        assert title == "Messages · Keepline"
        assert 'content="noindex' in content
    visitor = Client().get(url)
    assert visitor.status_code == 302
    assert "noindex" in visitor["X-Robots-Tag"]


@pytest.mark.parametrize("role", [Role.SEE, Role.SPEND])
def test_helpers_see_nothing_of_it(role: str, inboxed: Cast) -> None:
    bob, url = member(inboxed, role), one_message()
    line = f"/lines/{inboxed.line.id}/"
    for closed in ("/messages/", f"{line}messages/", url, "/messages/messages.csv"):
        page = text(bob, closed, 403)
        assert "does not let you read messages" in page
        assert TEXT[:12] not in page
    for closed in ("/messages/", f"{line}messages/keep/", url, f"{url}erase/"):
        answer = bob.post(closed, {"words": "code", "days": "1"})
        assert answer.status_code == 403
        assert CODE not in answer.content.decode()
    assert ReceivedMessage.objects.count() == 1
    assert 'href="/messages/"' not in text(bob, "/")
    assert "/messages/" not in text(bob, line)


def test_who_receives_reads_and_erases_nothing(inboxed: Cast) -> None:
    bob, url = member(inboxed, Role.RECEIVE), one_message()
    assert CODE in bob.post(url).content.decode()
    page = text(bob, f"/lines/{inboxed.line.id}/messages/")
    assert "erase/" not in page
    assert "They are erased after 30 days." in page
    for closed in (f"{url}erase/", f"/lines/{inboxed.line.id}/messages/keep/"):
        assert bob.post(closed, {"days": "1"}).status_code == 403
    assert ReceivedMessage.objects.count() == 1
    assert not InboxChoice.objects.exists()
    assert 'href="/messages/"' in text(bob, "/")


def test_a_member_who_left_sees_nothing(inboxed: Cast) -> None:
    bob, url = member(inboxed, Role.RECEIVE), one_message()
    Membership.objects.filter(user=inboxed.bob).delete()
    assert bob.get(url).status_code == 404
    assert bob.get("/messages/").status_code == 404


def test_search_leaves_no_words_in_any_address(inboxed: Cast, alice: Client) -> None:
    arrives(text="the blue door")
    arrives(text="the red door")
    page = alice.post("/messages/", {"words": "BLUE"}).content.decode()
    assert "the blue door" in page
    assert "the red door" not in page
    assert "1 message found." in page
    assert "data-live" not in page
    assert 'method="post" class="inbox-search"' in page
    nothing = alice.post("/messages/", {"words": "  "})
    assert (nothing.status_code, nothing["Location"]) == (302, "/messages/")
    assert "0 messages found." in alice.post("/messages/", {"words": "x" * 5000}).content.decode()


def test_erased_for_good(inboxed: Cast, alice: Client) -> None:
    url = one_message()
    assert alice.post(f"{url}erase/")["Location"] == "/messages/"
    assert alice.get(url).status_code == 404
    other = one_message()
    assert alice.post(f"{other}erase/", headers={"HX-Request": "true"}).content == b""
    assert not ReceivedMessage.objects.exists()


@pytest.mark.parametrize(("said", "status"), [("7", 302), ("0", 422), ("91", 422), ("x", 422)])
def test_how_long(said: str, status: int, inboxed: Cast, alice: Client) -> None:
    url = f"/lines/{inboxed.line.id}/messages/"
    assert "90 days" in text(alice, url)
    answer = alice.post(f"{url}keep/", {"days": said})
    assert answer.status_code == status
    assert InboxChoice.objects.exists() is (status == 302)
    if status == 422:
        assert "cannot be kept for so many days" in answer.content.decode()


def test_files_to_take_along(inboxed: Cast, alice: Client) -> None:
    arrives(text='=HYPERLINK("http://evil")', sender="+447700900999")
    arrives(text="two\nlines, 中文", sent_at=NOW - timedelta(seconds=3))
    answer = alice.get("/messages/messages.csv")
    assert answer.streaming
    assert "no-store" in answer["Cache-Control"]
    raw = b"".join(answer).decode()  # type: ignore[arg-type]
    assert raw.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(raw[1:])))
    assert rows[0] == ["number", "sender", "received_at", "sent_at", "text"]
    assert rows[1][4] == "two\nlines, 中文"
    assert rows[2][1:2] + rows[2][4:] == ["'+447700900999", '\'=HYPERLINK("http://evil")']
    answer = alice.get(f"/lines/{inboxed.line.id}/messages/messages.json")
    found = json.loads(b"".join(answer))["messages"]  # type: ignore[arg-type]
    assert [each["text"] for each in found] == ["two\nlines, 中文", '=HYPERLINK("http://evil")']
    assert found[0] | {"text": ""} == {
        "number": f"+{E164}",
        "sender": "Example",
        "received_at": NOW.isoformat(),
        "sent_at": (NOW - timedelta(seconds=3)).isoformat(),
        "text": "",
    }
    assert alice.get("/messages/messages.xml").status_code == 404


def test_pages_and_wrong_addresses(
    inboxed: Cast, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show_inbox, "PAGE", 1)
    arrives(text="the first one")
    arrives(text="the second one")
    page = text(alice, "/messages/")
    assert "the second one" in page
    assert "the first one" not in page
    following = page.partition('href="?before=')[2].partition('"')[0]
    page = text(alice, f"/messages/?before={following}")
    assert "the first one" in page
    assert "data-live" not in page
    assert alice.get("/messages/?before=yesterday").status_code == 404


def test_what_an_open_page_fetches_is_the_list_alone(inboxed: Cast, alice: Client) -> None:
    arrives()
    part = text(alice, "/messages/?live")
    assert part.strip().startswith("<article")
    assert CODE not in part


def test_where_the_page_listens(inboxed: Cast, alice: Client) -> None:
    port = settings.ENV.live_port
    page = alice.get("/messages/")
    assert f'data-live="http://testserver:{port}/live/"' in page.content.decode()
    assert f"http://localhost:{port}" in page["Content-Security-Policy"]
    page = alice.get(f"/lines/{inboxed.line.id}/messages/", HTTP_HOST="localhost:1")
    wanted = f'data-live="http://localhost:{port}/live/?line={inboxed.line.id}"'
    assert wanted in page.content.decode()


def test_empty_states(stage: Cast, alice: Client) -> None:
    assert "None of your lines has a number" in text(alice, "/messages/")
    numbered(stage)
    assert "No message yet" in text(alice, "/messages/")


def test_in_chinese(inboxed: Cast) -> None:
    arrives(text="您的验证码是582914", sender="银行")
    page = text(member(inboxed, Role.MANAGE, "zh-hans"), f"/lines/{inboxed.line.id}/messages/")
    for said in ("显示验证码", "您的验证码是••••••", "短信保留多久", "永久删除"):
        assert said in page


def test_the_same_queries_for_any_number_of_messages(
    inboxed: Cast, alice: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = cast.line(inboxed.account, inboxed.plan)
    give(inboxed.account, other, E164 + 1, NOW - timedelta(days=2))
    text(alice, "/messages/")
    for number in range(10):
        arrives(to=f"+{E164 + number % 2}")
    with django_assert_num_queries(3 + 3):
        text(alice, "/messages/")


def test_a_lost_key_is_said(inboxed: Cast, alice: Client) -> None:
    arrives(text="there")
    lost = arrives().message_id
    ReceivedMessage.objects.filter(id=lost).update(sealed="gAAAAA")
    page = text(alice, "/messages/")
    assert "there" in page
    assert "A message that cannot be opened" in page
