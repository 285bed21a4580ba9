"""`keepline db`: the embedded PostgreSQL by hand."""

import os

import click

from keepline.config.environment import Environment
from keepline.config.errors import OperatorError
from keepline.config.postgres import EmbeddedPostgres


@click.group("db")
def command() -> None:
    """Start, stop and look into the embedded PostgreSQL."""


@command.command("start")
def start() -> None:
    """Start the server; it keeps running."""
    server = _server()
    server.start()
    (server.place.home / "keep-running").touch()
    click.echo(f"ready: {server.url('keepline_app')}")


@command.command("stop")
def stop() -> None:
    """Stop the server; nothing is lost."""
    server = _server()
    (server.place.home / "keep-running").unlink(missing_ok=True)
    server.stop()
    click.echo("stopped")


@command.command("status")
def status() -> None:
    """Say whether the server runs; exit code 3 when it does not take connections."""
    server = _server()
    if server.is_ready():
        click.echo(f"ready: {server.url('keepline_app')}")
        return
    click.echo("not ready yet" if server.is_running() else "stopped")
    raise SystemExit(3)


@command.command("shell", context_settings={"ignore_unknown_options": True})
@click.option("--owner", is_flag=True, help="As the role that owns the tables.")
@click.argument("arguments", nargs=-1)
def shell(owner: bool, arguments: tuple[str, ...]) -> None:
    """Open psql; ARGUMENTS go to it."""
    server = _server()
    if not server.is_ready():
        raise OperatorError("The embedded PostgreSQL does not run; `keepline db start` starts it.")
    program = str(server.programs.bin / "psql")
    os.execv(
        program, [program, server.url("keepline_owner" if owner else "keepline_app"), *arguments]
    )


def _server() -> EmbeddedPostgres:
    env = Environment.read(os.environ)
    if env.database_url:
        raise OperatorError(
            "KEEPLINE_DATABASE_URL names a server, so there is no embedded one to look after."
        )
    return EmbeddedPostgres(env.data)
