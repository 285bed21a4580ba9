"""python -m keepline.gateways.payments.alipay.fake: starts FakeAlipay on this machine.

`--data` holds alipay.pem (its own private key), app.pub.pem (the application's public key) and
its books.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from keepline.gateways.payments.sandbox.mode import SandboxForbidden, refuse_in_production

from .app import FakeAlipay
from .books import Books, open_store
from .signing import Signing

HOST = "127.0.0.1"  # play money stays on this machine


def main() -> int:
    """Exit status 0 after a stop, 2 when it must not or cannot start."""
    parser = argparse.ArgumentParser(prog="fake-alipay")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--app-id", default="2021000000000000")
    options = parser.parse_args()
    try:
        refuse_in_production(os.environ)
        own, app = ((options.data / name).read_bytes() for name in ("alipay.pem", "app.pub.pem"))
        signing = Signing(own, app, options.app_id)
        asyncio.run(_serve(options.port, Books(open_store(options.data)), signing))
    except (SandboxForbidden, OSError) as error:
        sys.stderr.write(f"FakeAlipay does not start: {error}\n")
        return 2
    return 0


async def _serve(port: int, books: Books, signing: Signing) -> None:
    server = Server(
        FakeAlipay(books, signing, f"http://{HOST}:{port}").app(),
        address=HOST,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, server.stop)
    await server.serve()
    books.store.close()


if __name__ == "__main__":
    sys.exit(main())
