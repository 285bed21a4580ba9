"""python -m keepline.gateways.payments.paypal.fake: starts the fake PayPal, on loopback only.

Its keys come from the environment, under the names that the adapter's have.
"""

import argparse
import asyncio
import os
import signal
import sys

from granian.constants import Interfaces
from granian.server.embed import Server

from keepline.gateways.payments.sandbox.mode import SandboxForbidden, refuse_in_production

from .app import Fake, make_app

HOST = "127.0.0.1"


def main() -> int:
    """Exit status 0 after a stop, 2 when it must not or cannot start."""
    parser = argparse.ArgumentParser(prog="fake-paypal")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook-url", default="", help="none: webhooks are only kept")
    options = parser.parse_args()
    try:
        refuse_in_production(os.environ)
        client_id = os.environ["KEEPLINE_PAYPAL_CLIENT_ID"]
        keys = (client_id, os.environ["KEEPLINE_PAYPAL_CLIENT_SECRET"])
        webhook_id = os.environ["KEEPLINE_PAYPAL_WEBHOOK_ID"]
    except KeyError as missing:
        return _sorry(f"Set {missing.args[0]} first: the fake PayPal needs it to start.")
    except SandboxForbidden as error:
        return _sorry(str(error))
    fake = Fake(f"http://{HOST}:{options.port}", keys, webhook_id, options.webhook_url)
    asyncio.run(_serve(fake, options.port))
    return 0


async def _serve(fake: Fake, port: int) -> None:
    server = Server(
        make_app(fake),
        address=HOST,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
    )
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, server.stop)
    await server.serve()


def _sorry(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
