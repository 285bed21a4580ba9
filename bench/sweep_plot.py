"""Draws the arms of bench.sweep as bars, as SVG by hand: lines a second on a logarithmic scale."""

from math import log10
from pathlib import Path
from typing import Any

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "sweep.svg"
NAMES = {
    "bare_update": "bare UPDATE of expiry and due instant",
    "sweep": "this sweep: order, money, extension, event",
    "bulk_orm": "the same, Django's bulk calls, 1,000 a batch",
    "orm": "the same, Django's ORM, a transaction a line",
    "django_plans": "django-plans, its renewal task",
}
LEFT, WIDTH, HEIGHT, BAR = 370, 940, 300, 30
DECADES = 5
STYLE = """
text { font: 15px system-ui, sans-serif; fill: #1f2933 }
.small { font-size: 13px; fill: #52606d }
.bar { fill: #8aa0b5 } .ours { fill: #0f766e } .grid { stroke: #d9e2ec }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e7eb } .small { fill: #9aa5b1 } .grid { stroke: #3e4c59 }
}
"""


def draw(figures: dict[str, Any], path: Path = PICTURE) -> None:
    """Writes the picture; `figures` are those of a run with all arms."""
    path.write_text(svg(figures), encoding="utf-8")


def svg(figures: dict[str, Any]) -> str:
    """Bars with lines a second, microseconds of CPU and bytes of WAL a line."""
    arms, rows = figures["arms"], []
    for place, (name, words) in enumerate(NAMES.items()):
        one, y = arms[name], 60 + place * 42
        length = _x(one["per_s"]) - LEFT
        costs = f"{one['cpu_us']:,.0f} µs CPU, {one['wal_bytes'] / 1000:.1f} kB WAL a line"
        kind = "bar ours" if name == "sweep" else "bar"
        rows += [
            f'<text x="{LEFT - 10}" y="{y + 20}" text-anchor="end">{words}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{length:.0f}" height="{BAR}"/>',
            f'<text x="{LEFT + length + 8:.0f}" y="{y + 14}">{one["per_s"]:,.0f}/s</text>',
            f'<text class="small" x="{LEFT + length + 8:.0f}" y="{y + 29}">{costs}</text>',
        ]
    grid = [
        f'<line class="grid" x1="{_x(10**n):.0f}" x2="{_x(10**n):.0f}" y1="48" y2="272"/>'
        f'<text class="small" x="{_x(10**n):.0f}" y="290" text-anchor="middle">{10**n:,}</text>'
        for n in range(1, DECADES + 1)
    ]
    machine = figures["machine"]
    title = f"Lines renewed a second, one worker, {machine['cores']} cores (logarithmic)"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{title}</title><style>{STYLE}</style>"
        f'<text x="{LEFT}" y="28">{title}</text>' + "".join(grid) + "".join(rows) + "</svg>\n"
    )


def _x(per_s: float) -> float:
    """From 10 lines a second at the left; the last decade leaves room for words."""
    return LEFT + max(0.0, log10(per_s / 10)) * (WIDTH - LEFT - 60) / DECADES
