"""Pools as rows of the stock page: counts in the reader's language, and a bar of their shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keepline.backoffice.panels import count_said
from keepline.flows.show_stock import StockView
from keepline.inventory.levels import Level

WHOLE = 1000  # the bar's width; a share that is not nothing is at least THINNEST
THINNEST = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the bar: its class, where it begins and how wide it is, of WHOLE."""

    key: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class PoolRow:
    """One pool. `cells`: heading and count; `sold`, `back_soon` and `written_to` are "" where
    nothing is."""

    level: Level
    cells: Sequence[tuple[str, str]]
    lasts: str
    sold: str
    back_soon: str
    written_to: str
    bar: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Shelf:
    """All pools of one kind. `legend`: the bar's classes and their words."""

    title: str
    legend: Sequence[tuple[str, str]]
    rows: Sequence[PoolRow]


def shelves_of(view: StockView) -> list[Shelf]:
    """Numbers, cards and profiles, those that there are."""
    titles = {"number": _("Numbers"), "card": _("SIM cards"), "profile": _("eSIM profiles")}
    levels = sorted(view.levels, key=lambda level: list(titles).index(level.kind))
    return [
        Shelf(titles[kind], _legend(kind), [_row(level) for level in group])
        for kind, group in groupby(levels, key=lambda level: level.kind)
    ]


def _legend(kind: str) -> list[tuple[str, str]]:
    """Numbers rest and come back; cards and profiles are gone one day."""
    third = _("resting") if kind == "number" else _("gone")
    return [("a", _("free")), ("b", _("held")), ("c", third), ("d", _("in use"))]


def _row(level: Level) -> PoolRow:
    rests = level.kind == "number"
    third = level.resting if rests else level.gone
    sold = ngettext("%(n)s sold in 28 days", "%(n)s sold in 28 days", level.taken)
    return PoolRow(
        level,
        [
            (_("Free"), count_said(level.free)),
            (_("Held"), count_said(level.held)),
            (_("Resting") if rests else _("Gone"), count_said(third)),
            (_("In use"), count_said(level.used)),
        ],
        lasts=_lasts(level),
        sold=_counted(sold, level.taken) if level.taken else "",
        back_soon=_back_soon(level),
        written_to=_written_to(level),
        bar=bar_of([level.free, level.held, third, level.used]),
    )


def _lasts(level: Level) -> str:
    days = level.days_left
    if days is None:
        return _("No sale lately")
    if days == 0:
        return _("Empty") if level.free == 0 else _("Less than a day")
    return _counted(ngettext("Lasts %(n)s day", "Lasts %(n)s days", days), days)


def _back_soon(level: Level) -> str:
    if not level.back_soon:
        return ""
    said = ngettext(
        "%(n)s free again within 28 days", "%(n)s free again within 28 days", level.back_soon
    )
    return _counted(said, level.back_soon)


def _written_to(level: Level) -> str:
    if not level.written_to:
        return ""
    said = ngettext(
        "%(n)s rests longer: people still write to it",
        "%(n)s rest longer: people still write to them",
        level.written_to,
    )
    return _counted(said, level.written_to)


def _counted(said: str, count: int) -> str:
    return said % {"n": count_said(count)}


def bar_of(counts: Sequence[int]) -> list[Piece]:
    """The counts as pieces side by side; together they are WHOLE, or nothing when all are 0."""
    total, seen = sum(counts), sum(1 for count in counts if count)
    spread = WHOLE - THINNEST * seen
    pieces: list[Piece] = []
    before, x = 0, 0
    for key, count in zip("abcd", counts, strict=True):
        if not count:
            continue
        before += count
        end = spread * before // total + THINNEST * (len(pieces) + 1)
        pieces.append(Piece(key, x, end - x))
        x = end
    return pieces
