"""`keepline migrate`: tables, the cache's table, the runtime role's rights."""

import os

import click

from keepline.cli import schema_mark
from keepline.cli.boot import database_urls, start_django
from keepline.config.environment import Environment


@click.command("migrate")
@click.option("-v", "--verbosity", type=click.IntRange(0, 3), default=1, show_default=True)
def command(verbosity: int) -> None:
    """Bring the database's tables up to date, then grant the runtime role its rights."""
    runtime_url, owner_url = database_urls(Environment.read(os.environ))
    start_django(as_owner=True)
    migrate(runtime_url, owner_url, verbosity)


def migrate(runtime_url: str, owner_url: str, verbosity: int) -> None:
    """As the owner, with Django started as the owner."""
    from django.core.management import call_command

    from keepline.config.grants import grant_runtime

    call_command("migrate", interactive=False, verbosity=verbosity)
    runtime_role = role_of(runtime_url)
    if runtime_role != role_of(owner_url):
        grant_runtime(owner_url, runtime_role)
    schema_mark.write(owner_url, runtime_role)


def role_of(url: str) -> str:
    """The role that `url` signs in as; libpq's rule where it names none."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(url)
    named = parts.get("user") or os.environ.get("PGUSER")
    if named:
        return str(named)
    import getpass

    return getpass.getuser()
