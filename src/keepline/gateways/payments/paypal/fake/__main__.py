"""python -m keepline.gateways.payments.paypal.fake: starts the fake PayPal, on loopback only.

Its keys come from the environment, under the names that the adapter's have.
"""

import argparse
import asyncio
import sys

from keepline.gateways.payments.loopback_process import (
    HOST,
    exit_status,
    require_free,
    secret,
    serve,
)

from .app import Fake, make_app

NAME = "The fake PayPal"


def main() -> int:
    """Exit status 0 after a stop, 2 when it must not or cannot start."""
    parser = argparse.ArgumentParser(prog="fake-paypal")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook-url", default="", help="none: webhooks are only kept")
    options = parser.parse_args()

    def start() -> None:
        names = ("CLIENT_ID", "CLIENT_SECRET", "WEBHOOK_ID")
        client_id, client_secret, webhook_id = (
            secret(f"KEEPLINE_PAYPAL_{name}", NAME) for name in names
        )
        require_free(options.port)
        url = f"http://{HOST}:{options.port}"
        fake = Fake(url, (client_id, client_secret), webhook_id, options.webhook_url)
        asyncio.run(serve(make_app(fake), options.port))

    return exit_status(NAME, options.port, start)


if __name__ == "__main__":
    sys.exit(main())
