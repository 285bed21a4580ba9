"""Local wall time of many instants in many zones, as core.terms has it for one.

Instants and wall times are int64 microseconds since 1970, a wall time as if it were UTC.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

__all__ = ["Zones"]

Instants = NDArray[np.int64]
SECOND = 1_000_000
PLACE = 40  # bits of a key that hold seconds; the rest tells the zone
PROBE = timedelta(days=3)  # no zone has changed its offset and back within so little
LONGEST = timedelta(days=366 * 60)


class Zones:
    """The changes of offset of some zones between two instants; outside, the nearest offset."""

    def __init__(self, names: Sequence[str], from_at: datetime, until_at: datetime) -> None:
        until_at = min(until_at, from_at + LONGEST)
        instants: list[int] = []
        walls: list[int] = []
        offsets: list[int] = []
        for place, name in enumerate(names):
            before = None
            for at, offset in _changes(ZoneInfo(name), from_at, until_at):
                # A wall time has the later offset once it is past both readings of the change:
                # in a gap the offset before it, of a fold the first (PEP 495, fold=0).
                reading = 0 if before is None else at + max(before, offset)
                instants.append(place << PLACE | (0 if before is None else at))
                walls.append(place << PLACE | reading)
                offsets.append(offset * SECOND)
                before = offset
        self._instants = np.array(instants, np.int64)
        self._walls = np.array(walls, np.int64)
        self._offsets = np.array(offsets, np.int64)

    def wall(self, at: Instants, zone: NDArray[np.int64]) -> Instants:
        """The wall time of each instant in its zone; `zone` are places in the list of names."""
        return at + self._offset(self._instants, at, zone)

    def to_utc(self, wall: Instants, zone: NDArray[np.int64]) -> Instants:
        """The instant of each wall time."""
        return wall - self._offset(self._walls, wall, zone)

    def _offset(self, keys: Instants, at: Instants, zone: NDArray[np.int64]) -> Instants:
        seconds = np.maximum(at // SECOND, 0)
        return self._offsets[np.searchsorted(keys, (zone << PLACE) | seconds, side="right") - 1]


def _changes(zone: ZoneInfo, from_at: datetime, until_at: datetime) -> list[tuple[int, int]]:
    """(seconds since 1970, offset in seconds from then on); the first stands for all before."""
    at = max(from_at, datetime(1970, 1, 2, tzinfo=UTC)).replace(microsecond=0)
    found = [(0, _offset_s(zone, at))]
    while at < until_at:
        then = at + PROBE
        if _offset_s(zone, then) != found[-1][1]:
            change = _bisected(zone, at, then)
            found.append((int(change.timestamp()), _offset_s(zone, change)))
        at = then
    return found


def _bisected(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second at which the offset changes, between two instants that differ in it."""
    old = _offset_s(zone, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _offset_s(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset_s(zone: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(seconds=1)
