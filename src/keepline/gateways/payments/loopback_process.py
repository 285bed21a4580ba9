"""How the sandbox provider and the fakes run: one process on this machine, with a clear end.

Play money stays on this machine and out of production. What keeps one from starting is told in
one sentence, with exit status 2.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette

from keepline.gateways.payments.sandbox.mode import SandboxForbidden, refuse_in_production

HOST: Final = "127.0.0.1"


class NotStarted(Exception):
    """Something is missing; the message says what, to whoever started the program."""


def secret(name: str, program: str) -> str:
    """A secret of the environment: everybody can read a command line. Raises NotStarted."""
    try:
        return os.environ[name]
    except KeyError:
        raise NotStarted(f"Set {name} first: {program} needs it to start.") from None


def require_free(port: int, host: str = HOST) -> None:
    """A clear OSError now, instead of a server that shares the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


async def serve(app: Starlette, port: int, host: str = HOST) -> None:
    """Serves until SIGTERM or SIGINT.

    Embedded in this process, not in workers of its own, so that a kill -9 kills all of it.
    """
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, server.stop)
    await server.serve()


def exit_status(program: str, port: int, start: Callable[[], None]) -> int:
    """Runs `start`: 0 after a stop, 2 with a sentence when it must not or cannot start."""
    try:
        refuse_in_production(os.environ)
        start()
    except (NotStarted, SandboxForbidden) as error:
        sentence = str(error)
    except OSError as error:
        sentence = f"{program} cannot use {error.filename or f'port {port}'}: {error.strerror}."
    else:
        return 0
    sys.stderr.write(f"{sentence}\n")
    return 2
