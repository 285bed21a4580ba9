"""python -m keepline.gateways.payments.sandbox.provider: starts the provider by hand."""

import argparse
import sys
from pathlib import Path

from keepline.gateways.payments.loopback_process import exit_status, secret

from .serve import serve

NAME = "The sandbox provider"


def main() -> int:
    """Exit status 0 after a stop, 2 when it must not or cannot start."""
    parser = argparse.ArgumentParser(prog="sandbox-provider")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--webhook-url", required=True)
    parser.add_argument("--seller", default="Keepline")
    options = parser.parse_args()

    def start() -> None:
        serve(
            options.host,
            options.port,
            options.data,
            options.webhook_url,
            secret("KEEPLINE_SANDBOX_API_KEY", NAME),
            secret("KEEPLINE_SANDBOX_WEBHOOK_SECRET", NAME),
            seller=options.seller,
        )

    return exit_status(NAME, options.port, start)


if __name__ == "__main__":
    sys.exit(main())
