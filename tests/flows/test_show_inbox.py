"""show_inbox: members who may read see their account's messages, with codes hidden; nobody else."""

from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.accounts.models import Role
from keepline.core.ids import derived_id
from keepline.flows import show_inbox as flow
from keepline.flows.errors import FlowRefused
from keepline.flows.show_inbox import search_inbox, show_inbox
from keepline.messages.inbox_models import ReceivedMessage
from keepline.orders.models import Order
from tests import cast as stage_of
from tests.cast import NOW, Cast, assemble
from tests.flows.inboxes import E164, MARKER, arrives, give, numbered, reader

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def stage() -> Cast:
    return numbered(assemble())


def test_the_newest_first_with_the_code_hidden(stage: Cast) -> None:
    arrives(text="Hello")
    arrives(NOW + MINUTE)
    view = show_inbox(reader(stage.account), None, NOW + MINUTE)
    assert [each.text for each in view.messages] == [
        "Your code is Zitronenfalter ••••••",
        "Hello",
    ]
    assert [each.has_code for each in view.messages] == [True, False]
    assert view.before is None
    assert MARKER not in repr(view)


def test_of_one_line(stage: Cast) -> None:
    other = stage_of.line(stage.account, stage.plan)
    give(stage.account, other, E164 + 1, NOW - timedelta(days=2))
    arrives(text="to the first")
    arrives(text="to the second", to=f"+{E164 + 1}")
    of = reader(stage.account)
    assert [m.text for m in show_inbox(of, other.id, NOW).messages] == ["to the second"]
    assert len(show_inbox(of, None, NOW).messages) == 2
    assert {row.id for row in show_inbox(of, None, NOW).numbered} == {stage.line.id, other.id}


@pytest.mark.parametrize("role", [Role.SEE, Role.SPEND, ""])
def test_other_roles_are_refused(role: str, stage: Cast) -> None:
    arrives()
    for ask in (
        lambda who: show_inbox(who, None, NOW),
        lambda who: search_inbox(who, None, "code", NOW),
    ):
        with pytest.raises(FlowRefused, match="messages_closed"):
            ask(reader(stage.account, role))


@pytest.mark.parametrize("role", [Role.RECEIVE, Role.MANAGE, Role.OWNER])
def test_who_may_read_reads(role: str, stage: Cast) -> None:
    arrives()
    view = show_inbox(reader(stage.account, role), stage.line.id, NOW)
    assert len(view.messages) == 1
    assert view.may_erase is (role != Role.RECEIVE)


def test_another_accounts_line_is_not_there(stage: Cast) -> None:
    arrives()
    for account, line_id in ((stage.other_account, stage.line.id), (stage.account, uuid4())):
        with pytest.raises(FlowRefused, match="not_found"):
            show_inbox(reader(account), line_id, NOW)
    assert show_inbox(reader(stage.other_account), None, NOW).messages == []


def test_what_should_be_erased_is_not_shown(stage: Cast) -> None:
    arrives()
    at = NOW + timedelta(days=30)
    assert len(show_inbox(reader(stage.account), None, at - MINUTE).messages) == 1
    assert show_inbox(reader(stage.account), None, at).messages == []
    assert search_inbox(reader(stage.account), None, "code", at).messages == []


def test_page_by_page(stage: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "PAGE", 2)
    for number in range(5):
        arrives(text=f"number {number}")
    of, seen, before = reader(stage.account), [], None
    while True:
        view = show_inbox(of, None, NOW, before)
        seen += [each.text for each in view.messages]
        before = view.before
        if before is None:
            break
    assert seen == [f"number {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("BLUE", ["the blue door"]),
        ("  the   blue  ", ["the blue door"]),
        ("验证", ["验证码 ••••••"]),
        ("223344", ["验证码 ••••••"]),
        ("lotus", ["验证码 ••••••"]),
        ("nothing of it", []),
        ("%", []),
        ("", ["验证码 ••••••", "the blue door"]),
        (str(E164), ["验证码 ••••••", "the blue door"]),
    ],
)
def test_search(words: str, found: list[str], stage: Cast) -> None:
    arrives(text="the blue door")
    arrives(text="验证码 223344", sender="Lotus")
    view = search_inbox(reader(stage.account), stage.line.id, words, NOW)
    assert [each.text for each in view.messages] == found
    assert not view.cut


def test_a_search_has_an_end_and_says_so(stage: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "SEARCHED_MOST", 3)
    monkeypatch.setattr(flow, "BATCH", 2)
    arrives(text="the oldest needle")
    for _ in range(3):
        arrives(text="hay")
    view = search_inbox(reader(stage.account), None, "needle", NOW)
    assert (view.messages, view.cut) == ([], True)


def test_the_order_that_brought_the_number(stage: Cast) -> None:
    order = Order.objects.get(line_id=stage.line.id)
    bought = derived_id(order.id, "bought")
    Order.objects.filter(id=order.id).update(kind="purchase", stock={"number": E164})
    arrives()
    [message] = show_inbox(reader(stage.account), None, NOW).messages
    assert message.order_id == order.id != bought
    Order.objects.filter(id=order.id).update(stock={"number": E164 + 1})
    [message] = show_inbox(reader(stage.account), None, NOW).messages
    assert message.order_id is None
    Order.objects.filter(id=order.id).update(kind="opening", stock=None)


def test_a_message_that_no_key_opens_keeps_nobody_from_the_others(stage: Cast) -> None:
    lost = arrives(text="lost").message_id
    arrives(text="there")
    ReceivedMessage.objects.filter(id=lost).update(sealed="gAAAAA")
    shown = show_inbox(reader(stage.account), None, NOW).messages
    assert [(each.text, each.lost) for each in shown] == [("there", False), ("", True)]


def test_the_days_that_may_be_chosen(stage: Cast) -> None:
    keeping = show_inbox(reader(stage.account), stage.line.id, NOW).keeping
    assert keeping is not None
    assert (keeping.days, keeping.offered) == (30, [1, 7, 14, 30, 60, 90])


def test_few_queries_however_many_messages(
    stage: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        arrives()
    with django_assert_max_num_queries(5):
        show_inbox(reader(stage.account), stage.line.id, NOW)


def test_hundreds_of_messages_are_searched_in_no_time(stage: Cast) -> None:
    """Figures: docs/inbox.md. A second is far above what it takes."""
    import time

    for _ in range(300):
        arrives(text="y" * 160)
    began_s = time.perf_counter()
    search_inbox(reader(stage.account), None, "needle", NOW)
    assert time.perf_counter() - began_s < 1
