"""python -m keepline.gateways.messaging.http_sms.fake: starts the fake gateway on this machine."""

import argparse
import asyncio
import sys

from keepline.gateways.payments.loopback_process import exit_status, require_free, secret, serve

from .app import FakeGateway

NAME = "The fake SMS gateway"


def main() -> int:
    """Exit status 0 after a stop, 2 when it must not or cannot start."""
    parser = argparse.ArgumentParser(prog="fake-sms-gateway")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--callback-url", default="", help="where receipts and messages go")
    options = parser.parse_args()

    def start() -> None:
        require_free(options.port)
        fake = FakeGateway([secret("KEEPLINE_FAKE_SMS_SECRET", NAME)], options.callback_url)
        asyncio.run(serve(fake.app(), options.port))

    return exit_status(NAME, options.port, start)


if __name__ == "__main__":
    sys.exit(main())
