"""A mail server that takes everything and writes down the Message-IDs: bench.outbox's sink."""

import logging
import os
import re
import sys
import time
from typing import Any

from aiosmtpd.controller import Controller

MESSAGE_ID = re.compile(rb"^Message-ID: *<([^@>]+)", re.IGNORECASE | re.MULTILINE)


class Handler:
    """aiosmtpd's."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        found = MESSAGE_ID.search(envelope.content)
        os.write(self._file, (found[1] if found else b"none") + b"\n")
        return "250 OK"


def main() -> None:
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    port, path = int(sys.argv[1]), sys.argv[2]
    Controller(Handler(path), hostname="127.0.0.1", port=port).start()
    print("ready", flush=True)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
