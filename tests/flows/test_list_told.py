"""list_told: what was sent of an account, for its members alone; what did not arrive, for staff."""

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from keepline.flows import list_told as module
from keepline.flows.list_told import list_told, list_undelivered, oldest
from keepline.gateways.messaging.port import ChannelRefused, ChannelUnavailable
from keepline.messages import delivery_queries
from keepline.messages import services as outbox
from tests.cast import NOW, Cast, assemble
from tests.flows.test_deliver_message import scripted
from tests.telling import tell

pytestmark = pytest.mark.django_db


def told(cast: Cast, *kinds: str) -> None:
    for kind in kinds:
        outbox.put_all([(kind, cast.account.id, cast.line.id)], NOW)
        tell(NOW)


def test_newest_first_and_nobody_elses(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    cast, other = assemble(), assemble(suffix="2", code="plan-2")
    told(cast, "line.blocked", "line.unblocked")
    told(other, "line.locked")
    with django_assert_num_queries(3):
        rows = list_told(cast.account.id, cast.alice.pk)
    assert [row.row.kind for row in rows] == ["line.unblocked", "line.blocked"]
    assert {row.row.outcome for row in rows} == {"sent"}
    assert all(row.is_mine for row in rows)
    assert list_told(cast.account.id, cast.alice.pk, other.line.id) == []
    assert len(list_told(cast.account.id, cast.alice.pk, cast.line.id)) == 2


def test_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHOWN", 2)
    cast = assemble()
    told(cast, "line.blocked", "line.unblocked", "line.locked")
    first = list_told(cast.account.id, cast.alice.pk)
    rest = list_told(cast.account.id, cast.alice.pk, before=oldest(first))
    assert [row.row.kind for row in (*first, *rest)] == [
        *("line.locked", "line.unblocked", "line.blocked")
    ]
    assert oldest(rest) is None


def test_staff_see_what_did_not_arrive_and_why() -> None:
    cast = assemble()
    scripted(ChannelRefused("550", "no such mailbox for alice@example.com"))
    told(cast, "line.blocked")
    scripted(ChannelUnavailable("451 later"))
    told(cast, "line.unblocked")
    rows, counts = list_undelivered()
    assert [(row.row.kind, row.row.reason) for row in rows] == [
        ("line.blocked", "550: no such mailbox for …")
    ]
    assert [tuple(one) for one in counts] == [("email", "refused", 1), ("email", "waiting", 1)]
    waiting, _ = list_undelivered("waiting", "email")
    assert [row.row.kind for row in waiting] == ["line.unblocked"]
    assert list_undelivered("laid_aside")[0] == []
    assert list_undelivered("", "sms")[0] == []


@pytest.mark.parametrize(
    ("outcome", "index"), [("waiting", "delivery_waiting"), ("refused", "delivery_undelivered")]
)
def test_what_did_not_arrive_is_found_by_its_index(outcome: str, index: str) -> None:
    statement = delivery_queries.undelivered_statement(outcome)
    params = {"outcomes": [outcome], "channel": "", "limit": 50}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", params)
        explained = "\n".join(row[0] for row in cursor.fetchall())
    assert f" {index} " in explained, explained
