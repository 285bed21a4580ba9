"""Runs the fake identity provider as one process on loopback."""

import asyncio
from pathlib import Path

from keepline.gateways.fake_store import opened
from keepline.gateways.payments import loopback_process

from .app import FakeIdentity
from .checks import Checks


def serve(port: int, data_dir: Path, key: str, secret: str, callback_url: str) -> None:
    """Serves until SIGTERM or SIGINT. Raises OSError when the port is taken."""
    loopback_process.require_free(port)
    store = opened(data_dir / "fake-identity.sqlite3", __package__)
    try:
        checks = Checks(store, f"http://localhost:{port}")
        app = FakeIdentity(checks, key, secret, callback_url).app()
        asyncio.run(loopback_process.serve(app, port))
    finally:
        store.close()
