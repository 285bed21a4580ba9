"""What commands that import files share: options, the progress bar, the report, the last words."""

import csv
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from keepline.flows.importing.loading import ImportResult, Progress

FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
Command = Callable[..., Any]


def options(command: Command) -> Command:
    """--check, --mapping, --report, --batch and --at-once."""
    for option in (
        click.option(
            "--at-once",
            type=click.IntRange(1, 16),
            default=min(4, os.cpu_count() or 1),
            show_default="processors, at most 4",
            help="How many judge rows, and load them, side by side.",
        ),
        click.option(
            "--batch", type=click.IntRange(100, 50_000), default=20_000, show_default=True
        ),
        click.option(
            "--report",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Where the rows that stay out are listed.  [default: FILE.refused.csv]",
        ),
        click.option(
            "--mapping", type=FILE, help="TOML: encoding, date_form, decimal_mark, [columns]."
        ),
        click.option("--check", is_flag=True, help="Do everything, keep nothing: only the report."),
    ):
        command = option(command)
    return command


def run(
    file: Path,
    check: bool,
    report: Path | None,
    start: Callable[
        ["Progress", Callable[[Iterator[tuple[int, str, str, str]]], None]], "ImportResult"
    ],
) -> tuple["ImportResult", Path]:
    """Runs an import under a progress bar; its result, and where the report is. What killed ones
    left long ago is erased first.

    `start` is given what shows progress and what writes the report.
    """
    from django.utils import timezone
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    from keepline.cli.progress import progress_bar
    from keepline.config.errors import OperatorError
    from keepline.flows.forget_imports import forget_imports
    from keepline.flows.importing.reading import FileRefused

    forget_imports(timezone.now())
    into = report or file.with_suffix(".refused.csv")
    bar = progress_bar(MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with bar:
            reading = bar.add_task("Reading", total=_lines_in(file))
            entering = bar.add_task("Checking" if check else "Taking over", total=None)

            def reached(phase: str, done: int, of: int) -> None:
                if phase == "reading":
                    bar.update(reading, completed=max(done, bar.tasks[reading].completed))
                else:
                    bar.update(reading, completed=bar.tasks[reading].total)
                    bar.update(entering, completed=done, total=of)

            return start(reached, lambda refused: _write(into, refused)), into
    except FileRefused as refused:
        raise OperatorError(str(refused)) from refused


def say(result: "ImportResult", check: bool, into: Path) -> None:
    """What it came to."""
    if result.ignored_columns:
        click.echo(f"Columns not known and left aside: {', '.join(result.ignored_columns)}")
    if result.finished_before:
        click.echo("This very file was taken over before; nothing was changed.")
    elif result.rows_resumed:
        click.echo(f"Went on: {result.rows_resumed} rows were done by an earlier start.")
    would = "would be " if check else ""
    click.echo(f"{result.rows_in} rows {would}taken over, {result.rows_present} were in before.")
    if result.rows_bad:
        click.echo(f"{result.rows_bad} rows stay out; {into} says which and why.")


def _lines_in(file: Path) -> int:
    with file.open("rb") as raw:
        return sum(block.count(b"\n") for block in iter(lambda: raw.read(1 << 20), b""))


def _write(into: Path, refusals: Iterator[tuple[int, str, str, str]]) -> None:
    with into.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["line_number", "field", "value", "reason"])
        for number, field, value, reason in refusals:
            writer.writerow([number, field, _inert(value), reason])


def _inert(value: str) -> str:
    """A value that a spreadsheet would run as a formula is shown instead."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
