"""What the demo says when the portal answers: its address, and who may sign in."""

import http.client
import threading
import time
from http import HTTPStatus

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from keepline.cli.demo_people import SIGN_INS
from keepline.config.environment import Environment

LOOK_EVERY_S = 0.05


def announce_when_up(env: Environment) -> None:
    """Return at once; print as soon as the portal answers."""
    threading.Thread(target=_wait_and_print, args=(env,), daemon=True).start()


def _wait_and_print(env: Environment) -> None:
    while not _answers(env.port):
        time.sleep(LOOK_EVERY_S)
    Console().print(_panel(env), highlight=False)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _panel(env: Environment) -> Panel:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("Who", "Sign in with", "Password"):
        table.add_column(heading, no_wrap=True)
    for row in SIGN_INS:
        table.add_row(*row)
    body = Table.grid(padding=(0, 0, 1, 0))
    body.add_row(f"[bold]http://localhost:{env.port}[/bold]")
    body.add_row(table)
    body.add_row(f"Mails are files in {env.data / 'mail'}. Ctrl-C stops; the data is kept.")
    return Panel(body, title="Keepline", title_align="left", expand=False)
