"""Calls on connections of their own, let go at one instant."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

from django.db import connection

from keepline.flows.advance_order import advance
from keepline.flows.follow_network import follow
from keepline.orders import services as orders


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call answered, or the exception it raised, in the order of the calls."""
    answers: list[Any] = [None] * len(calls)
    start = Barrier(len(calls))

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            start.wait(120)
            answers[place] = call()
        except Exception as error:
            answers[place] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
        assert not thread.is_alive(), "a call hangs"
    return answers


def work_off(now: datetime, limit: int = 1000) -> int:
    """What a worker does, here and now: every due order one step further, until none is due, and
    the network told of what changed without one."""
    steps = 0
    while claimed := orders.claim_due(now, 32):
        for order_id in sorted(claimed):  # as they were made: a story told twice goes the same way
            advance(order_id, "en", now)
            steps += 1
            assert steps < limit, "orders are due for ever"
    while follow(now).may_go_on:
        pass
    return steps


def rest(now: datetime, until: timedelta) -> datetime:
    """Works with a clock that jumps from due instant to due instant, at most `until` ahead."""
    from keepline.orders.models import Order

    end = now + until
    while True:
        work_off(now)
        due = Order.objects.filter(next_action_at__isnull=False).order_by("next_action_at").first()
        if due is None or due.next_action_at > end:
            return now
        now = max(now, due.next_action_at)


def deadlocks() -> int:
    """How many this base has seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
