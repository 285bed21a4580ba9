"""{% lifeline line %} draws a core.lifeline.Lifeline; {% gauge left total label %} a bucket.

Positions are percentages of the width, so the picture fits every screen while its hatching and
its strokes keep their size. The hatching tells the pieces apart without colour.
"""

from itertools import count
from typing import Any

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from keepline.core.formats import day
from keepline.core.lifeline import Lifeline, Piece, pieces, position

register = template.Library()

LOW_PER_CENT = 20
_counter = count(1)  # ids of patterns must differ within a page


@register.inclusion_tag("portal/lifeline.html", takes_context=True)
def lifeline(
    context: template.Context, line: Lifeline | None, labels: bool = True
) -> dict[str, Any]:
    """Nothing for None. `labels=False` leaves out the words beneath (a card that has its own)."""
    if line is None:
        return {"line": None}
    bar = pieces(line)
    zone = _zone(context)
    return {
        "line": line,
        "key": next(_counter),
        "pieces": [_drawn(piece) for piece in bar],
        "now_x": _percent(position(bar, line.now)),
        "labels": _labels(line, bar, zone) if labels else [],
        "told": _told(line, zone),
    }


@register.inclusion_tag("portal/gauge.html")
def gauge(left: int, total: int | None, label: str, text: str = "") -> dict[str, Any]:
    """What is left of a bucket. total None: unlimited. `text`: the words to the right."""
    share = 100 if total is None else max(0, min(100, left * 100 // total if total else 0))
    level = (
        "none" if left <= 0 and total is not None else "low" if share <= LOW_PER_CENT else "fine"
    )
    return {"share": share, "level": level, "label": label, "text": text, "total": total}


def _zone(context: template.Context) -> str:
    holder = getattr(context.get("request"), "holder", None)
    return getattr(holder, "time_zone", None) or "UTC"


def _drawn(piece: Piece) -> dict[str, str]:
    return {"kind": piece.kind, "x": _percent(piece.x), "width": _percent(piece.width)}


def _percent(thousandths: int) -> str:
    return f"{thousandths // 10}.{thousandths % 10}%"


def _date(at: Any, zone: str) -> str:
    return day(at, zone, get_language() or "en")


def _labels(line: Lifeline, bar: list[Piece], zone: str) -> list[dict[str, str]]:
    kinds = [piece.kind for piece in bar]
    shown = [
        ("added" if line.preview_until else "active", line.preview_until or line.valid_until),
        ("grace", line.grace_until + (line.lost_at - line.quarantine_until)),
        ("suspended", line.withdrawn_at),
        ("quarantine", line.lost_at),
    ]
    words = {
        "active": _("Active until"),
        "added": _("Active until, renewed"),
        "grace": _("Grace until"),
        "suspended": _("Number withdrawn") if line.has_number else _("Line closed"),
        "quarantine": _("Number lost"),
    }
    return [
        {"kind": kind, "name": words[kind], "date": _date(at, zone)}
        for kind, at in shown
        if kind in kinds or (kind == "active" and not line.without_time)
    ]


def _told(line: Lifeline, zone: str) -> str:
    facts = {
        "valid": _date(line.preview_until or line.valid_until, zone),
        "withdrawn": _date(line.withdrawn_at, zone),
        "lost": _date(line.lost_at, zone),
    }
    if not line.has_number:
        return (
            _("Active until %(valid)s. Without renewal the line is closed on %(withdrawn)s.")
            % facts
        )
    if line.without_time and line.preview_until is None:
        sentence = _(
            "Suspended. Without renewal the number is withdrawn on %(withdrawn)s "
            "and lost on %(lost)s."
        )
        return sentence % facts
    return (
        _(
            "Active until %(valid)s. Without renewal the number is withdrawn on %(withdrawn)s "
            "and lost on %(lost)s."
        )
        % facts
    )
