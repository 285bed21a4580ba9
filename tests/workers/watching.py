"""Channels that threads of their own watch, as in a worker's process."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

from keepline.flows.telling.way import Way
from keepline.workers import channels, hands

WITHIN_S = 20


@contextmanager
def watched(ways: Sequence[Way]) -> Iterator[None]:
    """Ends when every thread has ended; none of their connections outlives it."""
    stop = threading.Event()
    threads = [threading.Thread(target=channels.watch, args=(way, stop)) for way in ways]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(WITHIN_S)
            assert not thread.is_alive()
        for way in ways:
            hands.pool(way.channel, way.threads).shutdown()
            hands.pool(channels.claims_of(way), channels.CLAIMANTS).shutdown()
        hands.pool.cache_clear()
        connection.close()
