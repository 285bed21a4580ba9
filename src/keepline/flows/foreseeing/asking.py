"""The future for a page: at once for a base of usual size, by a worker for a large one.

A worker's answer lies in the cache for an hour; how far it is, too. If the worker dies, the answer
is asked for again when its claim runs out.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from keepline.flows import wake
from keepline.flows.show_future import FutureRequest, FutureView, show_future
from keepline.slots.sql import fetch_one

LINES_AT_ONCE = 100_000
KEPT_S = 3600
CLAIM_S = 120  # a worker says how far it is much more often than this
COUNT = "SELECT count(*) AS lines FROM (SELECT FROM lines_validity LIMIT %s) AS counted"
STAGES = {"reading": (0, 10), "today": (10, 50), "proposed": (50, 100)}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The view, or how far the worker is with it in per cent."""

    view: FutureView | None
    per_cent: int = 0


def foresee(request: FutureRequest, now: datetime) -> Foreseen:
    """Answers at once when the base has up to LINES_AT_ONCE lines, or a worker has answered."""
    row = fetch_one(COUNT, [LINES_AT_ONCE + 1])
    if row is None or row.lines <= LINES_AT_ONCE:
        return Foreseen(show_future(request, now))
    key = key_of(request)
    view = cache.get(key)
    if view is not None:
        return Foreseen(view)
    if cache.add(f"{key}:reached", 0, CLAIM_S):
        cache.set(f"{key}:asked", request, KEPT_S)
        wake.future(key)
    return Foreseen(None, cache.get(f"{key}:reached", 0))


def work_out(key: str, now: datetime) -> None:
    """The worker's part: simulates what was asked under `key`."""
    request = cache.get(f"{key}:asked")
    if request is None:
        return  # asked an hour ago; nobody waits any more
    view = show_future(request, now, _teller(key, beside=request.policy is not None))
    cache.set(key, view, KEPT_S)


def _teller(key: str, beside: bool) -> Callable[[str, int, int], None]:
    told = -1

    def reached(what: str, done: int, of: int) -> None:
        nonlocal told
        first, last = STAGES[what]
        per_cent = first + (last - first) * done // of
        if not beside and what == "today":
            per_cent = first + (100 - first) * done // of
        if per_cent >= told + 2:
            told = per_cent
            cache.set(f"{key}:reached", per_cent, CLAIM_S)

    return reached


def key_of(request: FutureRequest) -> str:
    """Equal questions share an answer."""
    policy = sorted((request.policy or {}).items())
    asked = (request.days, request.by, request.by_hand_percent, request.go_live, policy)
    return "future:" + hashlib.sha256(repr(asked).encode()).hexdigest()[:32]
