"""python -m keepline.gateways.esim.es2plus.fake: starts the fake SM-DP+ on this machine."""

import argparse
import sys
from pathlib import Path

from keepline.gateways.payments.loopback_process import exit_status, secret

from .notifications import Callback
from .serve import serve

NAME = "The fake SM-DP+"


def main() -> int:
    """Exit status 0 after a stop, 2 when it must not or cannot start."""
    parser = argparse.ArgumentParser(prog="fake-smdp")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--requester", default="keepline", help="the one operator it knows")
    parser.add_argument("--callback-url", default="", help="where progress is told; none: nowhere")
    options = parser.parse_args()

    def start() -> None:
        url = options.callback_url
        own_secret = secret("KEEPLINE_FAKE_SMDP_CALLBACK_SECRET", NAME) if url else ""
        serve(options.port, options.data, options.requester, Callback(url, own_secret))

    return exit_status(NAME, options.port, start)


if __name__ == "__main__":
    sys.exit(main())
