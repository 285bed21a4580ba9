"""python -m keepline.gateways.payments.stripe.fake: starts FakeStripe by hand, on 127.0.0.1."""

import argparse
import sys
from pathlib import Path

from keepline.gateways.payments.loopback_process import exit_status, secret

from .serve import serve

NAME = "FakeStripe"


def main() -> int:
    """Exit status 0 after a stop, 2 when it must not or cannot start."""
    parser = argparse.ArgumentParser(prog="fake-stripe")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--webhook-url", required=True)
    options = parser.parse_args()

    def start() -> None:
        secret_key = secret("KEEPLINE_STRIPE_SECRET_KEY", NAME)
        webhook_secret = secret("KEEPLINE_STRIPE_WEBHOOK_SECRET", NAME)
        serve(options.port, options.data, options.webhook_url, secret_key, webhook_secret)

    return exit_status(NAME, options.port, start)


if __name__ == "__main__":
    sys.exit(main())
