"""python -m keepline.gateways.identity.bridge.fake: starts the fake identity provider here."""

import argparse
import os
import sys
from pathlib import Path

from keepline.gateways.payments.loopback_process import exit_status, secret

from .serve import serve

NAME = "The fake identity provider"


def main() -> int:
    """Exit status 0 after a stop, 2 when it must not or cannot start."""
    parser = argparse.ArgumentParser(prog="fake-identity")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()

    def start() -> None:
        key = secret("KEEPLINE_FAKE_IDENTITY_KEY", NAME)
        signing = secret("KEEPLINE_FAKE_IDENTITY_SECRET", NAME)
        callback_url = os.environ.get("KEEPLINE_FAKE_IDENTITY_CALLBACK", "")
        serve(options.port, options.data, key, signing, callback_url)

    return exit_status(NAME, options.port, start)


if __name__ == "__main__":
    sys.exit(main())
