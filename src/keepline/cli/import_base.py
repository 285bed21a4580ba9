"""`keepline import-base`: an existing base is taken over, with a progress bar."""

import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)


@click.command("import-base")
@click.argument("file", type=FILE)
@click.option("--check", is_flag=True, help="Do everything, keep nothing: only the report.")
@click.option("--mapping", type=FILE, help="TOML: encoding, date_form, decimal_mark, [columns].")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the rows that stay out are listed.  [default: FILE.refused.csv]",
)
@click.option("--batch", type=click.IntRange(100, 50_000), default=20_000, show_default=True)
@click.option(
    "--at-once",
    type=click.IntRange(1, 16),
    default=min(4, os.cpu_count() or 1),
    show_default="processors, at most 4",
    help="How many judge rows, and load them, side by side.",
)
def command(
    file: Path, check: bool, mapping: Path | None, report: Path | None, batch: int, at_once: int
) -> None:
    """Take over accounts, numbers, lines, expiries and balances from FILE.

    One row a line. Columns: account_ref, name, email, phone, language, time_zone, currency,
    wallet_balance, line_kind, msisdn, iccid, carrier, plan_code, activated_at, valid_until,
    auto_renew. Every good row goes in, every bad one into the report. Stopped in the middle, the
    same command goes on; run again, it changes nothing. The lines sleep until `keepline go-live`.
    """
    from keepline.cli.boot import start_django
    from keepline.config.errors import OperatorError

    start_django()
    from django.utils import timezone

    from keepline.flows.import_base import import_base
    from keepline.flows.importing.reading import FileRefused

    into = report or file.with_suffix(".refused.csv")
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    from keepline.cli.progress import progress_bar

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

            result = import_base(
                file,
                mapping,
                check,
                timezone.now(),
                reached,
                lambda refused: _write(into, refused),
                batch,
                at_once,
            )
    except FileRefused as refused:
        raise OperatorError(str(refused)) from refused
    _say(result, check, into)


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


def _say(result: "ImportResult", check: bool, into: Path) -> None:  # type: ignore[name-defined] # noqa: F821
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
    if not check and result.rows_in:
        click.echo("The lines sleep until `keepline go-live`.")
    sys.stdout.flush()
