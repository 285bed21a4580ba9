"""Runs the provider as one process on loopback: the web application and the webhook sender."""

import asyncio
import ipaddress
import logging
import os
from pathlib import Path

from keepline.gateways.payments import loopback_process
from keepline.gateways.payments.sandbox.mode import SandboxForbidden, refuse_in_production

from .app import make_app
from .books import Books
from .deliveries import Sender
from .methods import end_due
from .refunds import settle_due
from .settings import ProviderSettings
from .store import open_store

log = logging.getLogger("keepline.sandbox")


def serve(
    host: str,
    port: int,
    data_dir: Path,
    webhook_url: str,
    api_key: str,
    webhook_secret: str,
    *,
    seller: str = "Keepline",
    public_url: str = "",
) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises SandboxForbidden (production, or an address other machines could reach), OSError
    (port taken).
    """
    refuse_in_production(os.environ)
    _require_loopback(host)
    loopback_process.require_free(port, host)
    settings = ProviderSettings(
        public_url=public_url or f"http://localhost:{port}",
        data_dir=data_dir,
        webhook_url=webhook_url,
        api_key=api_key,
        webhook_secret=webhook_secret,
        seller=seller,
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    asyncio.run(_run(host, port, settings))


def _require_loopback(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SandboxForbidden(
            f"The sandbox payment provider serves this machine only (127.0.0.1), not {host}."
        )


async def _run(host: str, port: int, settings: ProviderSettings) -> None:
    store = open_store(settings.data_dir)
    books = Books(store, settings)
    sender = Sender(books)
    books.on_event = sender.wake.set
    background = [asyncio.create_task(sender.run()), asyncio.create_task(_mind_the_time(books))]
    for task in background:
        task.add_done_callback(_die_with)
    try:
        await loopback_process.serve(make_app(books), port, host)
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        store.close()


async def _mind_the_time(books: Books) -> None:
    """Ends checkouts, refunds and storings whose time is over."""
    while True:
        books.expire_due()
        settle_due(books)
        end_due(books)
        await asyncio.sleep(0.5)


def _die_with(task: "asyncio.Task[None]") -> None:
    """A provider that serves pages but sends no webhooks would be worse than none."""
    if not task.cancelled() and task.exception() is not None:
        log.critical("the sandbox provider stops", exc_info=task.exception())
        os._exit(70)
