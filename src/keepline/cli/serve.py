"""`keepline serve`: the portal and the API by granian."""

import os
import socket

import click

from keepline.cli.boot import set_environment
from keepline.config.errors import OperatorError


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes."
)
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    default=lambda: 2 * (os.cpu_count() or 1),
    show_default="two a core",
    help="Requests that a process works on at once, besides up to four a payment provider that "
    "wait for its answer, and four that wait for bodies of refused requests; each holds a "
    "connection to the database.",
)
def command(host: str, workers: int, threads: int) -> None:
    """Serve the portal and the API on KEEPLINE_PORT."""
    env = set_environment()
    require_free_port(host, env.port, "KEEPLINE_PORT")
    collect_static()
    from granian.constants import Interfaces
    from granian.server import Server

    from keepline.config import bodies
    from keepline.gateways import switchboard
    from keepline.gateways.payments.bulkhead import AT_ONCE

    Server(
        "keepline.config.wsgi:application",
        address=host,
        port=env.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads + bodies.AT_ONCE + AT_ONCE * len(switchboard.providers()),
        websockets=False,
        log_access=False,
        respawn_failed_workers=True,
    ).serve()


def require_free_port(host: str, port: int, variable: str) -> None:
    """OperatorError when another program listens there, instead of two servers on one port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise OperatorError(
                f"Port {port} may not be used by ordinary users; set {variable} to 1024 or more."
            ) from None
        except OSError as error:
            raise OperatorError(
                f"Port {port} is taken or cannot be used ({error.strerror}); "
                f"set {variable} to a free port."
            ) from None


def collect_static() -> None:
    """Copy style sheets and scripts into the data folder, named by their content."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("collectstatic", interactive=False, verbosity=0)
