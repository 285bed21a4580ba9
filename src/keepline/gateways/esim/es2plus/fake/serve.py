"""Runs the fake SM-DP+ as one process on loopback, over TLS with certificates on both sides."""

import asyncio
import signal
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from keepline.gateways.payments.loopback_process import HOST, require_free

from .app import FakeSmdp
from .certificates import keep_certificates
from .functions import Functions
from .notifications import Callback, Notifications
from .store import open_store


def serve(port: int, data_dir: Path, requester: str, callback: Callback) -> None:
    """Serves until SIGTERM or SIGINT. Raises OSError when the port is taken."""
    require_free(port)
    tls = data_dir / "tls"
    keep_certificates(tls)
    store = open_store(data_dir)
    fake = FakeSmdp(Functions(store, requester, "localhost"), Notifications(store, callback))
    try:
        asyncio.run(_serve(fake, port, tls))
    finally:
        store.close()


async def _serve(fake: FakeSmdp, port: int, tls: Path) -> None:
    server = Server(
        fake.app(),
        address=HOST,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
        ssl_cert=tls / "server.pem",
        ssl_key=tls / "server.key",
        ssl_ca=tls / "ca.pem",
        ssl_client_verify=True,
    )
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, server.stop)
    await server.serve()
