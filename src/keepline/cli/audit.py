"""`keepline audit`: every invariant of the books, money and service."""

import click

from keepline.cli.boot import start_django


@click.command("audit")
def command() -> None:
    """Ask every invariant of money and service; exit 1 and name the rows that break one."""
    start_django()
    from keepline.cli.audited import report
    from keepline.flows.audit_books import invariants, sizes

    click.echo("Looked at: " + ", ".join(f"{n} {what}" for what, n in sizes().items()) + ".")
    if not report(invariants()):
        raise SystemExit(1)
