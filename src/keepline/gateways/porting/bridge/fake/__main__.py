"""python -m keepline.gateways.porting.bridge.fake: starts the fake clearing house here."""

import argparse
import os
import sys
from pathlib import Path

from keepline.gateways.payments.loopback_process import exit_status, secret

from .app import Listener
from .serve import serve

NAME = "The fake clearing house"


def main() -> int:
    """Exit status 0 after a stop, 2 when it must not or cannot start."""
    parser = argparse.ArgumentParser(prog="fake-clearing-house")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()

    def start() -> None:
        """The variable holds OPERATOR=KEY pairs, parted by commas."""
        pairs = secret("KEEPLINE_FAKE_PORTING_KEYS", NAME).split(",")
        keys = dict(pair.split("=", 1) for pair in pairs)
        url = os.environ.get("KEEPLINE_FAKE_PORTING_TELLS", "")
        told = Listener(url, secret("KEEPLINE_FAKE_PORTING_SECRET", NAME)) if url else None
        serve(options.port, options.data, keys, told)

    return exit_status(NAME, options.port, start)


if __name__ == "__main__":
    sys.exit(main())
