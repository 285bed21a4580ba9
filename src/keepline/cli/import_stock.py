"""`keepline import-stock`: numbers, cards or profiles come into stock, with a progress bar."""

from pathlib import Path

import click

from keepline.cli import import_files


@click.command("import-stock")
@click.argument("kind", type=click.Choice(["numbers", "cards", "profiles"]))
@click.argument("file", type=import_files.FILE)
@import_files.options
def command(
    kind: str,
    file: Path,
    check: bool,
    mapping: Path | None,
    report: Path | None,
    batch: int,
    at_once: int,
) -> None:
    """Take numbers, cards or profiles from FILE into the pools that its rows name.

    \b
    numbers:  msisdn, pool, last_used_on
    cards:    iccid, pool, imsi, pin, puk, pin2, puk2
    profiles: iccid, pool, imsi, activation_code (or smdp_address, matching_id),
              confirmation_code

    Pools come from `keepline load-pools`. Every good row goes in, every bad one into the report.
    Stopped in the middle, the same command goes on; run again, it changes nothing.
    docs/inventory.md says more of each column.
    """
    from keepline.cli.boot import start_django

    start_django()
    from django.conf import settings
    from django.utils import timezone

    from keepline.flows.import_stock import StockFile, import_stock

    wanted = StockFile(kind, file, mapping, settings.ENV.shortest_quarantine_days, batch)
    result, into = import_files.run(
        file,
        check,
        report,
        lambda reached, write: import_stock(wanted, check, timezone.now(), reached, write, at_once),
    )
    import_files.say(result, check, into)
