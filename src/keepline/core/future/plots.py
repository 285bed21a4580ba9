"""Where the bars of a plot stand, in whole units of its picture. Not about numpy, nor any text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

__all__ = ["HEIGHT", "WIDTH", "Bar", "Plot", "plot", "round_top"]

WIDTH, HEIGHT = 1040, 200
GAP = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; y grows downwards."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Plot:
    """Stacked bars, one list a series, and a stepped line over them ("" for none).

    `top` is the value at the upper edge.
    """

    top: int
    series: Sequence[Sequence[Bar]]
    line: str


def round_top(value: int) -> int:
    """The least of 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, ... that is not below `value`."""
    scale = 1
    while True:
        for tenths in (10, 12, 15, 20, 25, 30, 40, 50, 60, 80):
            if tenths * scale % 10 == 0 and tenths * scale // 10 >= value:
                return tenths * scale // 10
        scale *= 10


def plot(
    stacked: Sequence[Sequence[int]], at: Sequence[datetime], beside: Sequence[int] | None = None
) -> Plot:
    """Bars of `stacked` values, the first series lowest; `beside` becomes the line.

    All series have one value a bucket, none below zero; `at` are the edges of the buckets: a
    shorter one has a narrower bar.
    """
    sums = [sum(values) for values in zip(*stacked, strict=True)]
    top = round_top(max([*sums, *(beside or ()), 1]))
    edges = [(edge - at[0]) * WIDTH // (at[-1] - at[0]) for edge in at]
    gap = GAP if len(sums) * 3 * GAP < WIDTH else 1
    below = [0] * len(sums)
    series = []
    for values in stacked:
        bars = []
        for place, value in enumerate(values):
            low, high = _height(below[place], top), _height(below[place] + value, top)
            below[place] += value
            if value:
                # The least of things is still seen.
                tall = max(high - low, 2)
                wide = max(edges[place + 1] - edges[place] - gap, 1)
                bars.append(Bar(edges[place] + gap // 2, HEIGHT - low - tall, wide, tall))
        series.append(bars)
    return Plot(top, series, _steps(beside, edges, top) if beside else "")


def _height(value: int, top: int) -> int:
    return (value * HEIGHT * 2 + top) // (2 * top)


def _steps(values: Sequence[int], edges: Sequence[int], top: int) -> str:
    """An SVG path: level over each bucket."""
    parts = []
    for place, value in enumerate(values):
        y = HEIGHT - _height(value, top)
        parts.append(f"{'V' if place else 'M0 '}{y}H{edges[place + 1]}")
    return "".join(parts)
