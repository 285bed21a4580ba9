"""What `check-ledger` and `audit` print: each invariant, and the rows that break it."""

import time
from collections.abc import Sequence

import click
from django.utils import timezone

from keepline.flows.audit_books import ROWS_NAMED, Finding, Invariant, findings


def report(among: Sequence[Invariant]) -> bool:
    """Prints one line an invariant as it is asked. False when any is broken."""
    now = timezone.now()
    broken = 0
    for one in among:
        began = time.monotonic()
        found = list(findings(now, [one]))
        took_ms = round(1000 * (time.monotonic() - began))
        mark = "BROKEN" if found else "ok"
        click.echo(f"{mark:<6} {one.number:>2}  {one.title}  ({took_ms} ms)")
        for finding in found:
            broken += 1
            _name_rows(finding)
    if broken:
        click.echo(f"{broken} of {len(among)} invariants are broken.", err=True)
    else:
        click.echo(f"All {len(among)} invariants hold.")
    return not broken


def _name_rows(finding: Finding) -> None:
    for row in finding.rows:
        click.echo("          " + "  ".join(f"{name}={value}" for name, value in row.items()))
    if len(finding.rows) == ROWS_NAMED:
        click.echo(f"          ... and perhaps more than these {ROWS_NAMED}")
