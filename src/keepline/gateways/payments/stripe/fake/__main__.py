"""python -m keepline.gateways.payments.stripe.fake: starts FakeStripe by hand, on 127.0.0.1.

Secrets come from the environment, not from the command line that everybody can read.
"""

import argparse
import os
import sys
from pathlib import Path

from keepline.gateways.payments.sandbox.mode import SandboxForbidden

from .serve import serve


def main() -> int:
    """Exit status 0 after a stop, 2 when it must not or cannot start."""
    parser = argparse.ArgumentParser(prog="fake-stripe")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--webhook-url", required=True)
    options = parser.parse_args()
    try:
        secret_key = os.environ["KEEPLINE_STRIPE_SECRET_KEY"]
        webhook_secret = os.environ["KEEPLINE_STRIPE_WEBHOOK_SECRET"]
        serve(options.port, options.data, options.webhook_url, secret_key, webhook_secret)
    except KeyError as missing:
        return _sorry(f"Set {missing.args[0]} first: FakeStripe needs it to start.")
    except SandboxForbidden as error:
        return _sorry(str(error))
    except OSError as error:
        return _sorry(f"FakeStripe cannot use port {options.port}: {error.strerror}.")
    return 0


def _sorry(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
