"""python -m keepline.gateways.payments.sandbox.provider: starts the provider by hand.

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
    parser = argparse.ArgumentParser(prog="sandbox-provider")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--webhook-url", required=True)
    parser.add_argument("--seller", default="Keepline")
    options = parser.parse_args()
    try:
        serve(
            options.host,
            options.port,
            options.data,
            options.webhook_url,
            os.environ["KEEPLINE_SANDBOX_API_KEY"],
            os.environ["KEEPLINE_SANDBOX_WEBHOOK_SECRET"],
            seller=options.seller,
        )
    except KeyError as missing:
        return _sorry(f"Set {missing.args[0]} first: the sandbox provider needs it to start.")
    except SandboxForbidden as error:
        return _sorry(str(error))
    except OSError as error:
        return _sorry(f"The sandbox provider cannot use port {options.port}: {error.strerror}.")
    return 0


def _sorry(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
