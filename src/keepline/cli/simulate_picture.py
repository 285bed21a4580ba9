"""`keepline simulate --plot`: the figures as one SVG picture.

Written by hand: bars and a line are thirty rules of geometry (core/future/plots.py), which the
operators' page draws by as well; a plotting library would weigh more than the rest of Keepline.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from keepline.core.future.plots import HEIGHT, WIDTH, Plot, plot
from keepline.core.money import Money, to_decimal

if TYPE_CHECKING:
    from keepline.core.future.figures import Figures
    from keepline.flows.show_future import FutureView

LEFT, ABOVE, BELOW, RIGHT = 30, 70, 50, 30
STYLE = """
text { font: 18px system-ui, sans-serif; fill: #15201f } .soft { fill: #54615f; font-size: 15px }
.title { font-weight: 650; font-size: 20px } .a { fill: #0b7568 } .b { fill: #b87503 }
.c { fill: #b0502c } .beside { fill: none; stroke: #15201f; stroke-width: 2.5 }
.base { stroke: #7d8b88 } .page { fill: #fff }
"""
SINGLE = (
    ("Renewals", ("renewed", "renewed_by_hand")),
    ("Reminders", ("reminded",)),
    ("Lines that run out", ("expired",)),
    ("Lines suspended", ("suspended",)),
    ("Lines that end", ("withdrawn",)),
    ("Numbers free again", ("released",)),
)


def svg(view: "FutureView") -> str:
    """The picture; the proposed policy is the dark line over today's bars."""
    panels = list(_panels(view))
    tall = ABOVE + HEIGHT + BELOW
    size = f"{LEFT + WIDTH + RIGHT} {len(panels) * tall}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img">',
        f"<title>Keepline, the future of {view.today.lines:,} lines</title><style>{STYLE}</style>",
        '<rect class="page" width="100%" height="100%"/>',
    ]
    dates = (f"{view.today.edges[0]:%Y-%m-%d}", f"{view.today.edges[-1]:%Y-%m-%d}")
    for place, (title, said, drawn) in enumerate(panels):
        parts.append(f'<g transform="translate({LEFT} {place * tall + ABOVE})">')
        parts.append(f'<text class="title" y="-34">{escape(title)}</text>')
        parts.append(f'<text class="soft" y="-10">{escape(said)}</text>')
        parts.extend(_shapes(drawn))
        parts.append(f'<line class="base" y1="{HEIGHT}" y2="{HEIGHT}" x2="{WIDTH}"/>')
        parts.append(f'<text class="soft" y="{HEIGHT + 24}">{dates[0]}</text>')
        parts.append(
            f'<text class="soft" x="{WIDTH}" y="{HEIGHT + 24}" text-anchor="end">{dates[1]}</text>'
        )
        parts.append("</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _shapes(drawn: Plot) -> Iterator[str]:
    for name, bars in zip("abc", drawn.series, strict=False):
        for bar in bars:
            yield (
                f'<rect class="{name}" x="{bar.x}" y="{bar.y}" width="{bar.width}" '
                f'height="{bar.height}"/>'
            )
    if drawn.line:
        yield f'<path class="beside" d="{drawn.line}"/>'


def _panels(view: "FutureView") -> Iterator[tuple[str, str, Plot]]:
    """(title, what it comes to, bars)."""
    other = view.proposed
    active = other.states["active"] if other else None
    states = [view.today.states[name] for name in ("active", "grace", "suspension")]
    yield (
        "Lines: active, in grace, suspended",
        f"{view.today.lines:,} now",
        plot(states, view.today.edges, active),
    )
    for title, names in SINGLE:
        today = [view.today.counts[name] for name in names]
        beside = _sum([other.counts[name] for name in names]) if other else None
        yield (
            title,
            _comes_to(sum(map(sum, today)), beside, ""),
            plot(today, view.today.edges, beside),
        )
    for currency in sorted({*view.today.taken, *view.today.by_hand}):
        today = [_money(view.today, currency, which) for which in ("taken", "by_hand")]
        beside = (
            _sum([_money(other, currency, which) for which in ("taken", "by_hand")])
            if other
            else None
        )
        said = _comes_to(sum(map(sum, today)), beside, currency)
        yield f"Money taken, {currency}", said, plot(today, view.today.edges, beside)


def _money(figures: "Figures", currency: str, which: str) -> Sequence[int]:
    found: Sequence[int] = getattr(figures, which).get(currency, [0] * (len(figures.edges) - 1))
    return found


def _sum(several: Sequence[Sequence[int]]) -> list[int]:
    return [sum(values) for values in zip(*several, strict=True)]


def _comes_to(today: int, beside: Sequence[int] | None, currency: str) -> str:
    said = f"{_said(today, currency)} in all"
    return said if beside is None else f"{said}, proposed {_said(sum(beside), currency)}"


def _said(amount: int, currency: str) -> str:
    return f"{to_decimal(Money(amount, currency)):,}" if currency else f"{amount:,}"
