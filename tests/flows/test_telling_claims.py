"""Letters are claimed at the same cost whatever the planner has last seen."""

from datetime import timedelta

import pytest
from django.db import connection

from keepline.core.ids import slot_of
from keepline.messages import deliveries
from keepline.messages.deliveries import Attempt, NewDelivery
from keepline.slots.ids import new_id
from tests.cast import NOW, assemble

pytestmark = pytest.mark.django_db
LEASE = timedelta(minutes=5)


def put(count: int) -> list[NewDelivery]:
    """So many letters, all due, each in a lane of its own."""
    account = assemble(suffix=f"{count}", code=f"plan-{count}").account
    made = []
    for place in range(count):
        own = new_id(place % 4)
        made.append(
            NewDelivery(
                id=own,
                event_id=new_id(slot_of(own)),
                kind="line.expiry_near",
                account_id=account.id,
                line_id=None,
                channel="email",
                recipient="user:1",
                letter_id=own,
                lane=new_id(slot_of(own)),
                due_at=NOW,
            )
        )
    deliveries.put_all(made, NOW)
    return made


def test_a_flood_after_a_quiet_night_is_looked_up_by_lane() -> None:
    """The planner believes that nothing is due: it has last seen all of it settled."""
    deliveries.settle([Attempt(each.id, "sent", 0, 1) for each in put(4_000)], NOW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messages_delivery")
    put(600)
    params = {"channel": "email", "now": NOW, "limit": 300, "leased_until": NOW + LEASE}
    claim = deliveries.CLAIM.format(of_the_clock="true")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {claim}", params)
        plan = [row[0] for row in cursor.fetchall()]
    by_lane = [place for place, said in enumerate(plan) if "using delivery_lane" in said]
    assert len(by_lane) == 2, "\n".join(plan)
    for place in by_lane:
        assert "Index Cond: ((slot =" in plan[place + 1], "\n".join(plan)
        assert "AND (lane =" in plan[place + 1], "\n".join(plan)
    assert not any("Seq Scan on messages_delivery" in said for said in plan), "\n".join(plan)


def test_a_claim_takes_all_of_a_letter_and_one_of_a_lane() -> None:
    first, second, third = put(3)
    put_more = first._replace(id=new_id(slot_of(first.id)))
    later = third._replace(id=new_id(slot_of(third.id)))
    deliveries.put_all([put_more, later._replace(letter_id=later.id)], NOW)
    claimed = deliveries.claim_due("email", NOW, 10, LEASE)
    assert {each.id for each in claimed} == {first.id, put_more.id, second.id, third.id}
    assert {each.attempts for each in claimed} == {1}
    assert deliveries.claim_due("email", NOW, 10, LEASE) == []
