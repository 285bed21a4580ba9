"""`keepline worker`: one worker process."""

import click

from keepline.cli.boot import set_environment


@click.command("worker")
def command() -> None:
    """Do the work that is due until told to stop; ends when the database goes away."""
    set_environment()
    from keepline.workers import run

    run.main()
