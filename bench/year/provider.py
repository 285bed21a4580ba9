"""The sandbox provider of an environment, as a process that outlives all others of the year."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from keepline.gateways.loopback import LOOPBACK


@contextmanager
def provider(environ: Mapping[str, str]) -> Iterator[None]:
    """Runs on KEEPLINE_PROVIDER_PORT of the environment until the context ends."""
    command = [sys.executable, "-m", "keepline.cli.main", "sandbox-provider"]
    process = subprocess.Popen(command, env=dict(environ), stdout=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{environ['KEEPLINE_PROVIDER_PORT']}/health", process)
        yield
    finally:
        process.kill()
        process.wait()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(address, timeout=2, **LOOPBACK).text == "ok":
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError("the provider does not start")
