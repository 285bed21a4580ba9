"""Choices of channels and quiet hours, for any choices, zones and instants."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keepline.core.telling import (
    ESSENTIAL,
    Choices,
    QuietHours,
    Topic,
    channels_for,
    is_wanted,
    may_ring_at,
    may_still_go,
)

CHANNELS = ("email", "sms", "push")
SOME = st.lists(st.sampled_from(CHANNELS), unique=True).map(
    lambda some: sorted(some, key=CHANNELS.index)
)
TOPICS = st.sampled_from(Topic)
CHOICES = st.builds(
    Choices,
    st.dictionaries(st.tuples(st.sampled_from(CHANNELS), TOPICS), st.booleans()),
)
MINUTES = st.integers(0, 24 * 60 - 1)
QUIET = st.builds(QuietHours, MINUTES, MINUTES)
ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns"])
INSTANTS = st.datetimes(
    datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(ZoneInfo("UTC"))
)


@given(TOPICS, CHOICES, SOME, SOME)
def test_who_can_be_reached_hears_what_is_essential(
    topic: Topic, choices: Choices, reachable: list[str], failing: list[str]
) -> None:
    chosen = channels_for(topic, choices, reachable, failing)
    assert set(chosen) <= set(reachable)
    assert list(chosen) == sorted(chosen, key=reachable.index)
    if topic in ESSENTIAL:
        assert bool(chosen) == bool(reachable)
        if set(reachable) - set(failing):
            assert not set(chosen) & set(failing), "what works takes over"
    else:
        assert all(is_wanted(channel, topic, choices) for channel in chosen)
        assert not set(chosen) & set(failing)


@given(TOPICS, CHOICES, SOME)
def test_what_is_wanted_and_works_is_used(
    topic: Topic, choices: Choices, reachable: list[str]
) -> None:
    wanted = [channel for channel in reachable if is_wanted(channel, topic, choices)]
    if wanted:
        assert list(channels_for(topic, choices, reachable)) == wanted


def is_quiet(at: datetime, zone: str, quiet: QuietHours) -> bool:
    local = at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    begin, end = quiet.from_minute, quiet.until_minute
    if begin <= end:
        return begin <= minute < end
    return minute >= begin or minute < end


@given(INSTANTS, TOPICS, ZONES, QUIET)
@example(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), Topic.LOSS, "Europe/Berlin", QuietHours(60, 150))
@example(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), Topic.LOSS, "Europe/Berlin", QuietHours(0, 170))
def test_nothing_rings_in_quiet_hours_and_everything_soon_after(
    now: datetime, topic: Topic, zone: str, quiet: QuietHours
) -> None:
    at = may_ring_at(now, topic, zone, quiet)
    assert now <= at <= now + timedelta(hours=26)
    if topic is Topic.SAFETY:
        assert at == now
    elif at > now:
        assert is_quiet(now, zone, quiet)
        assert may_ring_at(at, topic, zone, quiet) == at, "it rings when it was said to"
    else:
        assert not is_quiet(now, zone, quiet)


@given(INSTANTS, MINUTES, ZONES)
def test_equal_ends_are_no_quiet_hours(now: datetime, minute: int, zone: str) -> None:
    assert may_ring_at(now, Topic.LOSS, zone, QuietHours(minute, minute)) == now


def test_until_the_morning_in_the_readers_zone() -> None:
    quiet, now = QuietHours(22 * 60, 7 * 60), datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
    assert may_ring_at(now, Topic.LOSS, "Asia/Shanghai", quiet) == datetime(
        2026, 3, 10, 23, 0, tzinfo=UTC
    )
    assert may_ring_at(now, Topic.LOSS, "Europe/Berlin", quiet) == now


@pytest.mark.parametrize(
    ("kind", "goes"), [("line.expiry_near", False), ("line.withdrawal_near", True)]
)
def test_what_was_switched_off_on_the_way_does_not_go(kind: str, goes: bool) -> None:
    off = Choices({("email", topic): False for topic in Topic})
    assert may_still_go(kind, "email", off) is goes
