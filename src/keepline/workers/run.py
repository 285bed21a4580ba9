"""The worker process: listens for wake-ups, and looks by itself every second.

A lost wake-up therefore costs one second. The process ends when the database goes away; whoever
supervises it starts it again.
"""

import os
import threading
from types import ModuleType
from typing import Any

import django
import structlog

log = structlog.get_logger(__name__)
LOOK_EVERY_S = 1.0
LOOKS = ("advance_orders", "sweep_lines", "follow_network", "number_receipts", "match_receipts")


def main() -> None:
    """Runs until told to stop (SIGTERM, SIGINT)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepline.config.settings")
    django.setup()
    from procrastinate.contrib.django import app

    from keepline.config.outages import guard_elements
    from keepline.flows.telling import ways

    # What cannot be imported ends the process here, loudly.
    from keepline.workers import channels, due, smsc

    guard_elements()
    smsc.listen()
    stop = threading.Event()
    threads = [
        threading.Thread(target=_look_around, args=(stop, due), name="poller", daemon=True),
        threading.Thread(target=channels.watch_outbox, args=(stop,), name="outbox", daemon=True),
        *(
            threading.Thread(target=channels.watch, args=(way, stop), name=way.channel, daemon=True)
            for way in ways.connected()
        ),
    ]
    for thread in threads:
        thread.start()
    connector: Any = app.connector  # Django's, which knows its twin for workers
    log.info("worker_started", pid=os.getpid())
    try:
        with app.replace_connector(connector.get_worker_connector()) as worker_app:
            worker_app.run_worker(concurrency=4, install_signal_handlers=True, delete_jobs="always")
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=5)
        smsc.leave()


def _look_around(stop: threading.Event, due: ModuleType) -> None:
    from django.db import close_old_connections

    while not stop.wait(LOOK_EVERY_S):
        for look in LOOKS:
            close_old_connections()
            try:
                getattr(due, look)()
            except Exception:
                log.exception("look_failed", look=look)
