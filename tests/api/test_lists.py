"""Lists: pages, links, cursors that fit one list of one account."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from keepline.core import postings
from keepline.ledger import services as ledger
from keepline.slots.ids import new_id
from tests import cast as people
from tests.api.callers import Caller
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db


def following(answer: object) -> str | None:
    found = re.search(r'<([^>]+)>; rel="next"', answer["Link"])  # type: ignore[index]
    return found[1] if found else None


def walk(caller: Caller, path: str) -> list[list[dict[str, object]]]:
    """All pages, by following the links."""
    pages, at = [], path
    while at:
        answer = caller.get(at)
        assert answer.status_code == 200, answer.content
        body, at = answer.json(), following(answer)
        assert (body["next_cursor"] is None) == (at is None)
        if at:
            assert parse_qs(urlsplit(at).query)["cursor"] == [body["next_cursor"]]
        pages.append(body["items"])
    return pages


def test_lines_come_soonest_expiry_first_in_pages(alice: Caller, stage: Cast) -> None:
    for day in range(60):
        people.line(stage.account, stage.plan, valid_until=NOW + timedelta(days=20 + day))
    pages = walk(alice, "/v1/lines")
    assert [len(page) for page in pages] == [50, 11]
    ends = [line["valid_until"] for page in pages for line in page]
    assert ends == sorted(ends)  # type: ignore[type-var]
    assert len({line["id"] for page in pages for line in page}) == 61


def test_orders_come_newest_first_and_keep_their_filter(alice: Caller, stage: Cast) -> None:
    people.fill(stage.wallet_id, 100_000)
    other = people.line(stage.account, stage.plan)
    made = []
    for turn in range(53):
        row = other if turn == 0 else stage.line
        answer = alice.post(
            f"/v1/lines/{row.id}/renewals", {"plan_code": "keep-1m"}, f"turn-{turn:04}"
        )
        made.append(answer.json()["id"])
    everything = [order["id"] for page in walk(alice, "/v1/orders") for order in page]
    assert sorted(everything) == sorted(made)
    pages = walk(alice, f"/v1/orders?line_id={stage.line.id}")
    assert [len(page) for page in pages] == [50, 2]
    assert {order["line_id"] for page in pages for order in page} == {str(stage.line.id)}


def test_a_statement_tells_the_balance_after_each_movement(alice: Caller, stage: Cast) -> None:
    for step in range(30):
        cause = new_id(stage.account.slot)
        draft = postings.opening_balance(cause, stage.wallet_id, 100, "USD")
        ledger.book(stage.account.slot, [draft], NOW + timedelta(seconds=step + 1))
    pages = walk(alice, "/v1/wallets/USD/statement")
    assert [len(page) for page in pages] == [25, 6]
    rows = [row for page in pages for row in page]
    balances = [row["balance_after"]["amount_minor"] for row in rows]  # type: ignore[index]
    assert balances == [*range(4000, 1000, -100), 1000]
    assert {row["kind"] for row in rows} == {"opening_balance"}


def test_plans_on_sale_in_pages(alice: Caller, stage: Cast) -> None:
    for number in range(101):
        people.plan(f"plan-{number:03}", line_kind="travel_sim")
    people.plan("in-euro", currency="EUR")
    pages = walk(alice, "/v1/plans")
    assert [len(page) for page in pages] == [100, 2]
    only = walk(alice, "/v1/plans?line_kind=keep_alive")
    assert [plan["code"] for plan in only[0]] == ["keep-1m"]
    euro = walk(alice, "/v1/plans?currency=EUR")
    assert [plan["code"] for plan in euro[0]] == ["in-euro"]


def test_a_cursor_fits_its_own_list_only(alice: Caller, charlie: Caller, stage: Cast) -> None:
    for day in range(51):
        people.line(stage.account, stage.plan, valid_until=NOW + timedelta(days=20 + day))
    cursor = alice.get("/v1/lines").json()["next_cursor"]
    assert alice.get(f"/v1/lines?cursor={cursor}").status_code == 200
    tampered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for caller, path in (
        (charlie, f"/v1/lines?cursor={cursor}"),
        (alice, f"/v1/orders?cursor={cursor}"),
        (alice, f"/v1/wallets/USD/statement?cursor={cursor}"),
        (alice, f"/v1/plans?cursor={cursor}"),
        (alice, f"/v1/lines?cursor={tampered}"),
        (alice, "/v1/lines?cursor="),
    ):
        answer = caller.get(path)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_refused"), path
