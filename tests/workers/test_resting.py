"""Between batches a worker rests three times as long as the batch took, and never long."""

import pytest

from keepline.workers import due


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """A clock that moves when somebody works or sleeps."""
    time = {"now": 100.0, "slept": 0.0}

    def sleep(seconds: float) -> None:
        time["now"] += seconds
        time["slept"] += seconds

    monkeypatch.setattr(due, "monotonic", lambda: time["now"])
    monkeypatch.setattr(due, "sleep", sleep)
    return time


def test_it_rests_three_times_as_long_as_each_batch_took(clock: dict[str, float]) -> None:
    rest = due.resting()
    for batch_s in (0.2, 0.05, 0.3):
        clock["now"] += batch_s
        before = clock["slept"]
        rest({})
        assert clock["slept"] - before == pytest.approx(3 * batch_s)


def test_a_long_batch_is_no_reason_to_sleep_long(clock: dict[str, float]) -> None:
    rest = due.resting()
    clock["now"] += 30
    rest({})
    assert clock["slept"] == due.LONGEST_REST_S
