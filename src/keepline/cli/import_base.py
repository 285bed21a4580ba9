"""`keepline import-base`: an existing base is taken over, with a progress bar."""

import sys
from pathlib import Path

import click

from keepline.cli import import_files


@click.command("import-base")
@click.argument("file", type=import_files.FILE)
@import_files.options
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

    start_django()
    from django.utils import timezone

    from keepline.flows.import_base import import_base

    result, into = import_files.run(
        file,
        check,
        report,
        lambda reached, write: import_base(
            file, mapping, check, timezone.now(), reached, write, batch, at_once
        ),
    )
    import_files.say(result, check, into)
    if not check and result.rows_in:
        click.echo("The lines sleep until `keepline go-live`.")
    sys.stdout.flush()
