"""`keepline simulate`: the future of the base, as tables, bars, JSON, CSV or a picture."""

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from keepline.core.future.figures import Figures
    from keepline.flows.show_future import FutureView, Reached

COUNTED = (
    ("renewed", "renewed"),
    ("renewed_by_hand", "by hand"),
    ("short", "short"),
    ("consent", "consent"),
    ("reminded", "reminded"),
    ("expired", "expired"),
    ("suspended", "suspended"),
    ("withdrawn", "lost"),
    ("released", "free again"),
)
BARS = " ▁▂▃▄▅▆▇█"
WORDS = {"reading": "Reading the base", "today": "Today's policy", "proposed": "Proposed policy"}


@click.command("simulate")
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 1830))
@click.option("--by", default="week", show_default=True, type=click.Choice(["week", "month"]))
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path),
    help="A TOML file with a [policy]: its future is shown beside today's.",
)
@click.option(
    "--renew-by-hand-percent",
    "percent",
    default=0,
    show_default=True,
    type=click.IntRange(0, 100),
    help="Assume that so many holders in a hundred pay by hand when their line would expire.",
)
@click.option("--go-live", is_flag=True, help="Wake the sleeping imported lines first.")
@click.option("--json", "as_json", is_flag=True, help="All figures as one JSON object.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--plot",
    "plot_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An SVG picture of the figures.",
)
def command(
    days: int,
    by: Any,
    policy_file: Path | None,
    percent: int,
    go_live: bool,
    as_json: bool,
    csv_file: Path | None,
    plot_file: Path | None,
) -> None:
    """Show what would happen to the whole base: renewals, money, reminders, numbers set free.

    Nothing is written. Nobody is assumed to top up or to renew by hand; docs/simulate.md has all
    that is assumed.
    """
    from keepline.cli.boot import start_django

    start_django()
    from django.utils import timezone

    from keepline.config.errors import OperatorError
    from keepline.flows.show_future import FutureRequest, show_future

    if plot_file and plot_file.suffix.lower() != ".svg":
        raise OperatorError(f"{plot_file} does not end in .svg; plots are SVG pictures.")
    policy = _policy(policy_file) if policy_file else None
    request = FutureRequest(days, by, percent, go_live, policy)
    with _progress() as reached:
        view = show_future(request, timezone.now(), reached)
    try:
        if csv_file:
            _write_csv(csv_file, view)
        if plot_file:
            from keepline.cli.simulate_picture import svg

            plot_file.write_text(svg(view), encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"It cannot be written: {error}.") from error
    if as_json:
        click.echo(json.dumps(as_object(view)))
    else:
        _say(view, by)


def _policy(file: Path) -> dict[str, Any]:
    from django.conf import settings

    from keepline.catalog.reading import CatalogRefused, read_policy
    from keepline.config.errors import OperatorError

    try:
        text = file.read_text(encoding="utf-8")
        return read_policy(file.name, text, settings.ENV.shortest_quarantine_days)
    except CatalogRefused as refused:
        raise OperatorError(f"{refused}.") from refused
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{file} cannot be read: {error}.") from error


@contextmanager
def _progress() -> "Iterator[Reached]":
    from rich.progress import TimeElapsedColumn

    from keepline.cli.progress import progress_bar

    bar = progress_bar(TimeElapsedColumn())
    tasks: dict[str, Any] = {}

    def reached(what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(WORDS[what], total=of)
        bar.update(tasks[what], completed=done, total=of)

    with bar:
        yield reached


def as_object(view: "FutureView") -> dict[str, Any]:
    """The view as JSON: instants in ISO 8601, money in minor units by currency."""
    impact = view.impact
    return {
        "read_at": view.read_at.isoformat(),
        "lines": view.today.lines,
        "sleeping": view.sleeping,
        "edges": [edge.isoformat() for edge in view.today.edges],
        "today": _figures(view.today),
        "proposed": _figures(view.proposed) if view.proposed else None,
        "governed": list(view.governed),
        "impact": impact and {name: getattr(impact, name) for name in impact.__dataclass_fields__},
    }


def _figures(figures: "Figures") -> dict[str, Any]:
    return {
        "counts": dict(figures.counts),
        "taken_minor": dict(figures.taken),
        "paid_by_hand_minor": dict(figures.by_hand),
        "lines_at_end": dict(figures.states),
    }


def _columns(figures: "Figures") -> dict[str, Sequence[int]]:
    """Every figure under a name of its own."""
    return {
        **figures.counts,
        **{f"lines_{name}": values for name, values in figures.states.items()},
        **{f"taken_{currency}_minor": values for currency, values in figures.taken.items()},
        **{f"by_hand_{currency}_minor": values for currency, values in figures.by_hand.items()},
    }


def _write_csv(file: Path, view: "FutureView") -> None:
    """One row a bucket; what the proposed policy makes of it in columns to the right."""
    columns = dict(_columns(view.today))
    if view.proposed:
        columns |= {f"proposed_{name}": each for name, each in _columns(view.proposed).items()}
    edges = [edge.isoformat(timespec="seconds") for edge in view.today.edges]
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["from", "until", *columns])
        writer.writerows(zip(edges, edges[1:], *columns.values(), strict=False))


def _say(view: "FutureView", by: str) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    if view.sleeping:
        console.print(f"{view.sleeping} imported lines sleep and are in no figure (--go-live).")
    impact = view.impact
    if impact:
        console.print(
            f"The proposed policy stands in for {', '.join(view.governed) or 'nothing'}; "
            f"lines under it: {impact.lines_governed:,}. Affected lines: "
            f"{impact.lines_affected:,}, affected accounts: {impact.accounts_affected:,}."
        )
    console.print(_summary(view, by))
    console.print(_by_bucket(view, by))


def _rows(view: "FutureView") -> "Iterator[tuple[str, str, Sequence[int], Sequence[int]]]":
    """(title, currency or "", today, proposed): what is above zero in either future."""
    other = view.proposed or view.today
    nothing = [0] * (len(view.today.edges) - 1)
    for name, title in COUNTED:
        yield title, "", view.today.counts[name], other.counts[name]
    for field, title in (("taken", "taken"), ("by_hand", "paid by hand")):
        today, proposed = getattr(view.today, field), getattr(other, field)
        for currency in sorted({*today, *proposed}):
            yield (
                f"{title} {currency}",
                currency,
                today.get(currency, nothing),
                proposed.get(currency, nothing),
            )


def _summary(view: "FutureView", by: str) -> Any:
    from rich.table import Table

    headings = ["today", "proposed", "difference"] if view.proposed else ["today"]
    table = Table(title=f"{view.today.lines:,} lines", title_justify="left")
    table.add_column("in all")
    for heading in headings:
        table.add_column(heading, justify="right")
    table.add_column(f"today, {by} by {by}")
    for title, currency, today, proposed in _rows(view):
        sums = sum(today), sum(proposed)
        if not any(sums):
            continue
        cells = [_said(sums[0], currency)]
        if view.proposed:
            cells += [_said(sums[1], currency), _signed(sums[1] - sums[0], currency)]
        table.add_row(title, *cells, _bars(today))
    return table


def _by_bucket(view: "FutureView", by: str) -> Any:
    from rich.table import Table

    rows = [row for row in _rows(view) if any(row[2]) or any(row[3])]
    table = Table(title="today > proposed" if view.proposed else None, title_justify="left")
    table.add_column(f"{by} from")
    for title, *_ in rows:
        table.add_column(title, justify="right")
    for place, edge in enumerate(view.today.edges[:-1]):
        cells = []
        for _, currency, today, proposed in rows:
            said, other = _said(today[place], currency), _said(proposed[place], currency)
            cells.append(said if said == other else f"{said} > {other}")
        table.add_row(f"{edge:%Y-%m-%d}", *cells)
    return table


def _said(amount: int, currency: str) -> str:
    from keepline.core.money import Money, to_decimal

    return f"{to_decimal(Money(amount, currency)):,}" if currency else f"{amount:,}"


def _signed(amount: int, currency: str) -> str:
    return f"+{_said(amount, currency)}" if amount > 0 else _said(amount, currency)


def _bars(values: Sequence[int]) -> str:
    most = max(values, default=0) or 1
    return "".join(BARS[-(-value * (len(BARS) - 1) // most)] for value in values)
