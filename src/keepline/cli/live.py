"""`keepline live`: tells open pages of news, by server-sent events."""

import resource

import click

from keepline.cli.boot import set_environment


@click.command("live")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes."
)
def command(host: str, workers: int) -> None:
    """Serve /live/ on KEEPLINE_LIVE_PORT: one connection an open page, thousands a process.

    A process holds three connections to the database, however many pages are open.
    """
    from keepline.cli.serve import require_free_port

    env = set_environment()
    require_free_port(host, env.live_port, "KEEPLINE_LIVE_PORT")
    _allow_many_connections()
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "keepline.portal.live.app:application",
        address=host,
        port=env.live_port,
        interface=Interfaces.ASGI,
        workers=workers,
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,  # pages that are closed are no news
        respawn_failed_workers=True,
        workers_kill_timeout=2,  # pages stay open for ever; their browsers come back by themselves
    ).serve()


def _allow_many_connections() -> None:
    """Each open page is an open file: as many as the system allows us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
