"""Compartments: who hangs or fails holds few threads, rests, and is tried again; others go on."""

import threading
from contextlib import ExitStack

import pytest

from keepline.gateways.messaging.compartments import (
    AT_ONCE,
    FAILURES,
    FIRST_REST_S,
    LONGEST_REST_S,
    CompartmentFull,
    Compartments,
)


class Silence(Exception):
    pass


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def fail(at: Compartments, key: str = "one") -> None:
    with pytest.raises(Silence), at.entered(key, (Silence,)):
        raise Silence


def is_open(at: Compartments, key: str = "one") -> bool:
    try:
        with at.entered(key, (Silence,)):
            return True
    except CompartmentFull:
        return False


def test_a_place_has_room_for_few_and_others_for_their_own() -> None:
    at = Compartments()
    with ExitStack() as calls:
        for _ in range(AT_ONCE):
            calls.enter_context(at.entered("hangs", (Silence,)))
        assert not is_open(at, "hangs")
        assert is_open(at, "other")
    assert is_open(at, "hangs")


def test_who_waits_a_moment_gets_the_room_that_becomes_free() -> None:
    at, entered = Compartments(), threading.Event()

    def wait_for_room() -> None:
        with at.entered("busy", (Silence,)):
            entered.set()

    with ExitStack() as calls:
        for _ in range(AT_ONCE):
            calls.enter_context(at.entered("busy", (Silence,)))
        waiting = threading.Thread(target=wait_for_room)
        waiting.start()
    waiting.join(5)
    assert entered.is_set()


def test_who_fails_rests_longer_each_time() -> None:
    clock = Clock()
    at = Compartments(clock)
    for _ in range(FAILURES - 1):
        fail(at)
    assert is_open(at), "an answer between them forgives"
    for _ in range(FAILURES):
        fail(at)
    rests = []
    for _ in range(8):
        with pytest.raises(CompartmentFull) as full, at.entered("one", (Silence,)):
            pass
        rests.append(full.value.rest_s)
        clock.now_s += full.value.rest_s
        fail(at)
    assert rests[:3] == [FIRST_REST_S, 2 * FIRST_REST_S, 4 * FIRST_REST_S]
    assert rests[-1] == LONGEST_REST_S
    assert is_open(at, "other")


def test_after_a_rest_one_goes_alone_and_an_answer_opens_it() -> None:
    clock = Clock()
    at = Compartments(clock)
    for _ in range(FAILURES):
        fail(at)
    assert not is_open(at)
    clock.now_s += FIRST_REST_S
    with at.entered("one", (Silence,)):
        assert not is_open(at), "two probes"
    with at.entered("one", (Silence,)):
        assert is_open(at)


def test_a_mistake_of_ours_says_nothing_about_the_place() -> None:
    at = Compartments()
    for _ in range(FAILURES):
        with pytest.raises(ZeroDivisionError), at.entered("one", (Silence,)):
            raise ZeroDivisionError
    assert is_open(at)


def test_places_without_news_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepline.gateways.messaging.compartments.REMEMBERED", 3)
    at = Compartments()
    fail(at, "fails")
    for place in range(10):
        assert is_open(at, str(place))
    assert len(at._known) <= 4
    assert "fails" in at._known
