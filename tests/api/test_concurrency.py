"""Many at once: one key is one charge, two keys are two orders or a clear refusal."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from keepline.ledger.models import Wallet
from keepline.lines.models import Extension
from keepline.orders.models import Order
from tests import cast as people
from tests.api.callers import Caller, caller_for
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE, THREADS = 50, 10


def at_once(sends: Sequence[Callable[[], Any]]) -> list[Any]:
    """All of them on threads that share nothing but the database."""

    def run(send: Callable[[], Any]) -> Any:
        try:
            return send()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, sends))


def renewal(stage: Cast, token: str, key: str) -> Callable[[], Any]:
    path = f"/v1/lines/{stage.line.id}/renewals"
    return lambda: Caller(token).post(path, {"plan_code": "keep-1m"}, key)


def left_minor(stage: Cast) -> int:
    row: Wallet = Wallet.objects.by_id(stage.wallet_id)
    return row.posted_minor


def test_fifty_requests_with_one_key_are_one_charge_and_fifty_equal_answers() -> None:
    stage = people.assemble()
    token = caller_for(stage.alice, stage.account).token
    answers = at_once([renewal(stage, token, "one-key-for-all")] * AT_ONCE)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
    assert left_minor(stage) == 700
    assert Order.objects.filter(kind="renewal").count() == 1
    assert Extension.objects.filter(line_id=stage.line.id).count() == 2


def test_many_keys_spend_what_is_there_and_no_more() -> None:
    stage = people.assemble(wallet_minor=1000)  # three times 300, and something left
    token = caller_for(stage.alice, stage.account).token
    answers = at_once([renewal(stage, token, f"key-{n:05}") for n in range(20)])
    said = [answer.json().get("code", answer.status_code) for answer in answers]
    assert sorted(set(said), key=str) == [201, "wallet_short"]
    assert said.count(201) == 3
    assert left_minor(stage) == 100
    assert Extension.objects.filter(line_id=stage.line.id).count() == 4
