"""What a command does before its work: the settings, the database, Django."""

import os
import shutil
from pathlib import Path

import click

from keepline.config.environment import Environment
from keepline.config.errors import OperatorError


def database_urls(env: Environment) -> tuple[str, str]:
    """(runtime URL, owner URL); starts the embedded server when no other is named."""
    if env.database_url:
        return env.database_url, env.database_owner_url
    from keepline.config.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(env.data)
    if not server.is_ready():
        server.start()
        click.echo("The embedded PostgreSQL was started; `keepline db stop` ends it.", err=True)
    return server.url("keepline_app"), env.database_owner_url or server.url("keepline_owner")


def set_environment(as_owner: bool = False) -> Environment:
    """Settle KEEPLINE_DATABASE_URL for this process and its children. Returns what holds then."""
    runtime_url, owner_url = database_urls(Environment.read(os.environ))
    os.environ["KEEPLINE_DATABASE_URL"] = owner_url if as_owner else runtime_url
    os.environ["KEEPLINE_DATABASE_OWNER_URL"] = owner_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "keepline.config.settings"
    return Environment.read(os.environ)


def start_django(as_owner: bool = False) -> Environment:
    """Everything that a command needs which reads or writes rows."""
    env = set_environment(as_owner)
    import django

    django.setup()
    return env


def free_space_mb(folder: Path) -> int:
    """Free space on the disk of `folder` (or of its nearest parent that exists), in MB."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free // 10**6


def require_free_mb(folder: Path, needed_mb: int) -> None:
    """OperatorError when the disk is nearly full, before anything half-made is left on it."""
    free_mb = free_space_mb(folder)
    if free_mb < needed_mb:
        raise OperatorError(
            f"The disk is nearly full: {free_mb} MB are free for {folder}, and {needed_mb} MB are "
            "needed; make room, or set KEEPLINE_DATA to another disk."
        )
