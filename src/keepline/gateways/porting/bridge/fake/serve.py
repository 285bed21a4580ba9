"""Runs the fake clearing house as one process on loopback."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from keepline.gateways.payments import loopback_process

from .app import FakeHouse, Listener
from .books import Books, open_store


def serve(
    port: int, data_dir: Path, keys: Mapping[str, str], listener: Listener | None = None
) -> None:
    """Serves until SIGTERM or SIGINT. Raises OSError when the port is taken."""
    loopback_process.require_free(port)
    store = open_store(data_dir)
    try:
        asyncio.run(loopback_process.serve(FakeHouse(Books(store), keys, listener).app(), port))
    finally:
        store.close()
