"""python -m keepline.gateways.payments.alipay.fake: starts FakeAlipay on this machine.

`--data` holds alipay.pem (its own private key), app.pub.pem (the application's public key) and
its books.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from keepline.gateways.payments.loopback_process import HOST, exit_status, require_free, serve

from .app import FakeAlipay
from .books import Books, open_store
from .signing import Signing


def main() -> int:
    """Exit status 0 after a stop, 2 when it must not or cannot start."""
    parser = argparse.ArgumentParser(prog="fake-alipay")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--app-id", default="2021000000000000")
    options = parser.parse_args()

    def start() -> None:
        own, app = ((options.data / name).read_bytes() for name in ("alipay.pem", "app.pub.pem"))
        require_free(options.port)
        books = Books(open_store(options.data))
        fake = FakeAlipay(books, Signing(own, app, options.app_id), f"http://{HOST}:{options.port}")
        try:
            asyncio.run(serve(fake.app(), options.port))
        finally:
            books.store.close()

    return exit_status("FakeAlipay", options.port, start)


if __name__ == "__main__":
    sys.exit(main())
