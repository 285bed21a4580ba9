"""Runs the fake identity provider as one process on loopback."""

import asyncio
from pathlib import Path

from keepline.gateways.payments import loopback_process

from .app import FakeIdentity
from .checks import Checks, open_store


def serve(port: int, data_dir: Path, key: str, secret: str, callback_url: str) -> None:
    """Serves until SIGTERM or SIGINT. Raises OSError when the port is taken."""
    loopback_process.require_free(port)
    store = open_store(data_dir)
    try:
        checks = Checks(store, f"http://localhost:{port}")
        app = FakeIdentity(checks, key, secret, callback_url).app()
        asyncio.run(loopback_process.serve(app, port))
    finally:
        store.close()
