"""A future as plots with their tables: everything said in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from keepline.core import formats
from keepline.core.future.figures import Figures
from keepline.core.future.plots import Plot, plot
from keepline.flows.show_future import FutureView


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot. `legend`: (class of the series, its words); `rows`: begin of the week, cells."""

    title: str
    total: str
    beside: str  # what the proposed policy makes of the total; "" when there is none
    difference: str
    top: str
    drawn: Plot
    legend: Sequence[tuple[str, str]]
    headings: Sequence[str]
    rows: Sequence[tuple[object, Sequence[str]]]


def panels_of(view: FutureView) -> list[Panel]:
    """The plots of a view, the state of all lines first, money last."""
    panels = [_states(view)]
    panels += [
        _panel(view, _("Renewals"), ["renewed", "renewed_by_hand"], [_("wallet"), _("by hand")]),
        _panel(view, _("Tries without money"), ["short"], [_("tries")]),
        _panel(view, _("Reminders"), ["reminded"], [_("reminders")]),
        _panel(view, _("Lines that run out"), ["expired"], [_("lines")]),
        _panel(view, _("Lines suspended"), ["suspended"], [_("lines")]),
        _panel(view, _("Lines that end"), ["withdrawn"], [_("lines")]),
        _panel(view, _("Numbers free again"), ["released"], [_("numbers")]),
    ]
    futures = [each for each in (view.today, view.proposed) if each]
    for currency in sorted({code for each in futures for code in (*each.taken, *each.by_hand)}):
        title = _("Money taken, %(currency)s") % {"currency": currency}
        panels.append(_money(view, title, currency))
    return panels


def _panel(view: FutureView, title: str, names: list[str], words: list[str]) -> Panel:
    stacked = [view.today.counts[name] for name in names]
    beside = [view.proposed.counts[name] for name in names] if view.proposed else None
    return _made(view, title, stacked, beside, words, "")


def _money(view: FutureView, title: str, currency: str) -> Panel:
    nothing = [0] * (len(view.today.edges) - 1)

    def taken(figures: Figures | None) -> list[Sequence[int]] | None:
        if figures is None:
            return None
        return [each.get(currency, nothing) for each in (figures.taken, figures.by_hand)]

    words = [_("wallet"), _("by hand")]
    return _made(view, title, taken(view.today) or [], taken(view.proposed), words, currency)


def _made(
    view: FutureView,
    title: str,
    stacked: Sequence[Sequence[int]],
    beside: Sequence[Sequence[int]] | None,
    words: list[str],
    currency: str,
) -> Panel:
    """A series that is nothing in both futures is not shown."""
    shown = [
        place
        for place in range(len(stacked))
        if not place or any(stacked[place]) or (beside and any(beside[place]))
    ]
    sums = _sums([stacked[place] for place in shown])
    other = _sums([beside[place] for place in shown]) if beside else None
    drawn = plot([stacked[place] for place in shown], view.today.edges, other)
    legend = [("abc"[place], words[place]) for place in shown] if len(shown) > 1 else []
    columns = [(words[place] if len(shown) > 1 else _("today"), stacked[place]) for place in shown]
    if other is not None:
        columns.append((_("proposed"), other))
        legend = [*(legend or [("a", _("today"))]), ("line", _("proposed"))]
    total, proposed = sum(sums), sum(other) if other is not None else None
    return Panel(
        title=title,
        total=_said(total, currency),
        beside="" if proposed is None else _said(proposed, currency),
        difference="" if proposed is None else _signed(proposed - total, currency),
        top=_said(drawn.top, currency),
        drawn=drawn,
        legend=legend,
        headings=[heading for heading, _values in columns],
        rows=_rows(view, [values for _heading, values in columns], currency),
    )


def _states(view: FutureView) -> Panel:
    """Lines at the end of each week, and the active ones under the proposed policy."""
    names = {"active": _("active"), "grace": _("in grace"), "suspension": _("suspended")}
    stacked = [view.today.states[name] for name in names]
    active = view.proposed.states["active"] if view.proposed else None
    drawn = plot(stacked, view.today.edges, active)
    columns = dict(zip(names.values(), stacked, strict=True))
    legend = list(zip("abc", names.values(), strict=True))
    if view.proposed:
        legend.append(("line", _("active, proposed")))
        for name, word in names.items():
            columns[_("%(state)s, proposed") % {"state": word}] = view.proposed.states[name]
    return Panel(
        title=_("Lines at the end of each week"),
        total=_said(stacked[0][-1], ""),
        beside="" if active is None else _said(active[-1], ""),
        difference="" if active is None else _signed(active[-1] - stacked[0][-1], ""),
        top=_said(drawn.top, ""),
        drawn=drawn,
        legend=legend,
        headings=list(columns),
        rows=_rows(view, list(columns.values()), ""),
    )


def _rows(
    view: FutureView, columns: Sequence[Sequence[int]], currency: str
) -> list[tuple[object, Sequence[str]]]:
    weeks = zip(view.today.edges, zip(*columns, strict=True), strict=False)
    return [(week, [_said(value, currency) for value in values]) for week, values in weeks]


def _sums(several: Sequence[Sequence[int]]) -> list[int]:
    return [sum(values) for values in zip(*several, strict=True)]


def count_said(number: int) -> str:
    """12,345 in the reader's language."""
    return _said(number, "")


def _said(amount: int, currency: str) -> str:
    language = get_language() or "en"
    return (
        formats.money(amount, currency, language) if currency else formats.count(amount, language)
    )


def _signed(amount: int, currency: str) -> str:
    said = _said(abs(amount), currency)
    return f"+{said}" if amount > 0 else f"−{said}" if amount < 0 else f"±{said}"
