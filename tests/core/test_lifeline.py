"""The lifeline: pieces without gaps, widths that add up, a renewal that moves what is behind."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.lifeline import (
    THINNEST,
    WHOLE,
    Lifeline,
    lifeline_of,
    pieces,
    position,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Days(NamedTuple):
    """What the lifeline asks of a policy."""

    grace_days: int
    suspended_days: int
    quarantine_days: int


POLICY = Days(30, 60, 180)


def line(bought: int, valid: int, preview: int | None = None) -> Lifeline:
    """Days from now; grace 30, suspended 60, quarantine 180 days."""
    made = lifeline_of(
        "active",
        NOW + timedelta(days=bought),
        NOW + timedelta(days=valid),
        POLICY,
        NOW,
        NOW + timedelta(days=preview) if preview is not None else None,
    )
    assert made is not None
    return made


def kinds(made: Lifeline) -> list[str]:
    return [piece.kind for piece in pieces(made)]


def test_an_active_line() -> None:
    made = line(-100, 20)
    assert kinds(made) == ["past", "active", "grace", "suspended", "quarantine"]
    assert made.withdrawn_at == NOW + timedelta(days=110)
    assert made.lost_at == NOW + timedelta(days=290)


def test_a_line_without_a_number_ends_when_its_number_would_be_withdrawn() -> None:
    made = lifeline_of("active", NOW, NOW + timedelta(days=30), POLICY, NOW, has_number=False)
    assert made is not None
    assert made.lost_at == made.withdrawn_at == NOW + timedelta(days=30 + 30 + 60)
    assert [piece.kind for piece in pieces(made)] == ["active", "grace", "suspended"]


def test_a_previewed_renewal_adds_its_piece_and_moves_the_loss() -> None:
    made = line(-100, 20, 50)
    assert kinds(made) == ["past", "active", "added", "grace", "suspended", "quarantine"]
    assert made.lost_at == NOW + timedelta(days=320)
    assert pieces(made)[-1].end_at == made.lost_at


def test_renewed_from_grace_the_piece_begins_today() -> None:
    made = line(-100, -10, 30)
    bar = pieces(made)
    assert kinds(made) == ["past", "grace", "added", "grace", "suspended", "quarantine"]
    assert bar[2].start_at == NOW
    assert bar[3].end_at - bar[3].start_at == timedelta(days=30)


def test_a_lost_line_has_today_at_its_end_and_no_renewal() -> None:
    assert kinds(line(-600, -400, 30)) == ["past", "grace", "suspended", "quarantine"]
    assert position(pieces(line(-600, -400)), NOW) == WHOLE


@pytest.mark.parametrize("state", ["reserved", "provisioning", "ready"])
def test_before_its_time_runs_there_is_none(state: str) -> None:
    assert lifeline_of(state, NOW, NOW, POLICY, NOW) is None
    assert lifeline_of("active", NOW, None, POLICY, NOW) is None


@given(
    bought=st.integers(-4000, 0),
    valid=st.integers(-1000, 2000),
    days=st.tuples(*[st.integers(0, 400)] * 3),
    term=st.none() | st.integers(1, 800),
)
def test_the_bar_is_whole(
    bought: int, valid: int, days: tuple[int, int, int], term: int | None
) -> None:
    until = NOW + timedelta(days=valid)
    preview = max(NOW, until) + timedelta(days=term) if term else None
    made = lifeline_of("active", NOW + timedelta(days=bought), until, Days(*days), NOW, preview)
    assert made is not None
    bar = pieces(made)
    if not bar:
        return
    assert sum(piece.width for piece in bar) == WHOLE
    assert min(piece.width for piece in bar) >= THINNEST
    assert bar[0].start_at == made.bought_at
    assert bar[-1].end_at == made.lost_at
    for left, right in pairwise(bar):
        assert (left.end_at, left.x + left.width) == (right.start_at, right.x)
    assert 0 <= position(bar, NOW) <= WHOLE
