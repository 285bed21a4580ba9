"""What the provider is started with."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


def _unix_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """`public_url` is what browsers are sent to; `webhook_url` is the seller's system."""

    public_url: str
    data_dir: Path
    webhook_url: str
    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)  # Standard Webhooks: whsec_ + base64 of 24..64 bytes
    seller: str = "Keepline"
    clock: Callable[[], int] = _unix_ms  # unix milliseconds, UTC
