"""What the reads tell, and how many queries each costs."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from keepline.accounts.models import Role
from keepline.catalog import queries as catalog
from keepline.catalog.models import Carrier, Region
from tests import cast as people
from tests.api.callers import Caller, caller_for
from tests.cast import Cast

pytestmark = pytest.mark.django_db

# One each for the token; a renewal also has a savepoint, which stands for BEGIN and COMMIT.
QUERIES = {
    "/v1/account": 3,
    "/v1/lines": 7,
    "/v1/lines/{line}": 12,
    "/v1/lines/{line}/plans": 10,
    "/v1/orders": 3,
    "/v1/orders/{order}": 11,
    "/v1/wallets": 2,
    "/v1/wallets/USD/statement": 6,
    "/v1/plans": 3,
    "/v1/problems": 0,
    "/v1/problems/busy": 0,
    "/v1/openapi.json": 0,
}


@pytest.mark.parametrize("path", QUERIES)
def test_queries_of_reads(alice: Caller, stage: Cast, path: str) -> None:
    renewals = f"/v1/lines/{stage.line.id}/renewals"
    order = alice.post(renewals, {"plan_code": "keep-1m"}, "key-00001").json()
    at = path.format(line=stage.line.id, order=order["id"])
    with CaptureQueriesContext(connection) as ran:
        answer = alice.get(at)
    assert answer.status_code == 200
    assert len(ran) <= QUERIES[path], [query["sql"] for query in ran]


def test_queries_of_writes(alice: Caller, stage: Cast) -> None:
    renewals = f"/v1/lines/{stage.line.id}/renewals"
    asked = {"plan_code": "keep-1m"}
    alice.post(renewals, asked, "key-00001")  # what never changes is read once
    counts = []
    for send in (
        lambda: alice.post(f"{renewals}/preview", asked),
        lambda: alice.post(renewals, asked, "key-00002"),
        lambda: alice.post(renewals, asked, "key-00002"),
    ):
        with CaptureQueriesContext(connection) as ran:
            assert send().status_code in (200, 201)
        counts.append(len(ran))
    assert counts[0] <= 7
    assert counts[1] <= 11, "the hot path: token, savepoint, nine statements at most, release"
    assert counts[2] <= 9, "a repeat: the same reads travel along, nothing is written"


def test_queries_of_sign_in_and_out_and_top_up(alice: Caller) -> None:
    body = {"amount": {"amount_minor": 2000, "currency": "USD"}, "provider": "sandbox"}
    signs = {"login": "alice@example.com", "password": people.PASSWORD}
    catalog.currencies_on_sale(people.NOW)
    for send, most in (
        (
            lambda: alice.post("/v1/wallets/USD/top-ups", body, "key-00001"),
            34,
        ),  # twelve of them count against fraud: a lock, the past, two counters in the cache
        (
            lambda: alice.post("/v1/tokens", signs),
            100,
        ),  # five limits, counted under locks in the database
        (lambda: alice.delete("/v1/tokens/current"), 6),
    ):
        with CaptureQueriesContext(connection) as ran:
            assert send().status_code in (201, 202, 204)
        assert len(ran) <= most, [query["sql"] for query in ran]


def test_lines_and_orders_cost_no_more_when_there_are_more(alice: Caller, stage: Cast) -> None:
    costs: list[list[int]] = []
    for _ in range(2):
        costs.append([])
        for path in ("/v1/lines", "/v1/orders", "/v1/wallets/USD/statement"):
            with CaptureQueriesContext(connection) as ran:
                alice.get(path)
            costs[-1].append(len(ran))
        for turn in range(3):
            row = people.line(stage.account, stage.plan)
            renewals = f"/v1/lines/{row.id}/renewals"
            alice.post(renewals, {"plan_code": "keep-1m"}, f"more-{turn:04}")
    few, many = costs
    # Nothing ordered yet spares the look for plans and for what movements were for.
    assert all(after - before <= 2 for before, after in zip(few, many, strict=True))


def test_the_account_and_who_speaks(alice: Caller, bob: Caller, stage: Cast) -> None:
    body = alice.get("/v1/account").json()
    assert body["id"] == str(stage.account.id)
    assert (body["role"], body["user"]["email"]) == (Role.OWNER, "alice@example.com")
    assert bob.get("/v1/account").json()["role"] == Role.SEE


def test_a_line_tells_what_is_left_and_what_happens_next(db: None) -> None:
    stage = people.assemble(data_bytes=5 * 10**9, voice_seconds=None)
    alice = caller_for(stage.alice, stage.account)
    body = alice.get(f"/v1/lines/{stage.line.id}").json()
    assert body["buckets"] == [
        {"kind": "data", "unit": "byte", "granted": 5 * 10**9, "used": 0, "left": 5 * 10**9},
        {"kind": "voice", "unit": "second", "granted": None, "used": 0, "left": None},
    ]
    assert body["next_action"] == {"kind": "runs_out", "at": "2026-03-20T12:00:00Z"}
    assert body["seconds_left"] == 10 * 24 * 3600
    assert body["deadlines"]["withdrawn_at"] == "2026-06-18T12:00:00Z"
    assert body["history"][0]["kind"] == "extended"
    listed = alice.get("/v1/lines").json()["items"][0]
    assert listed == {name: body[name] for name in listed}


def test_plans_speak_the_callers_language(db: None) -> None:
    germany = Region.objects.create(
        code="de", name={"en": "Germany", "zh-hans": "德国"}, countries=["DE"]
    )
    carrier = Carrier.objects.create(code="one", name="One", country="DE")
    stage = people.assemble(name={"en": "A month", "zh-hans": "一个月"}, region=germany)
    people.plan("of-one", carrier=carrier)
    alice = caller_for(stage.alice, stage.account)

    def names(**headers: Any) -> list[str]:
        answer = alice.get(f"/v1/lines/{stage.line.id}/plans", **headers)
        return [plan["name"] for plan in answer.json()["items"]]

    assert names() == ["A month"]
    assert names(**{"Accept-Language": "zh-CN, en;q=0.5"}) == ["一个月"]
    assert names(**{"Accept-Language": "fr"}) == ["A month"]
    items = alice.get("/v1/plans", **{"Accept-Language": "zh-Hans"}).json()["items"]
    assert items[0]["region"] == {"code": "de", "name": "德国", "countries": ["DE"]}
    assert items[1]["carrier"] == "One"


def test_wallets_say_what_is_free(alice: Caller, stage: Cast) -> None:
    wallet = alice.get("/v1/wallets").json()["items"][0]
    assert wallet["free"] == {"amount_minor": 1000, "currency": "USD"}
    assert alice.get("/v1/wallets/EUR/statement").status_code == 404
    people.plan("in-euro", currency="EUR")
    assert alice.get("/v1/wallets/EUR/statement").json()["items"] == []
    assert alice.get("/v1/wallets/XXX/statement").status_code == 404
