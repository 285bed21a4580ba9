"""`keepline load-demo`: the demo base, into a database that has no accounts yet."""

import click

from keepline.cli.boot import start_django


@click.command("load-demo")
def command() -> None:
    """Load the demo base if the database is empty; else change nothing."""
    start_django()
    from keepline.cli.demo_base import load

    load()
