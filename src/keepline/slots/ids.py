"""Makes ids. Core only lays out the bits; the clock and the randomness come in here."""

import secrets
import time
from uuid import UUID

from keepline.core.ids import SLOTS, make_id

__all__ = ["new_id", "random_slot"]


def new_id(slot: int) -> UUID:
    """A fresh UUIDv7 (RFC 9562) whose spare bits carry `slot` (0..255)."""
    return make_id(slot, time.time_ns() // 1_000_000, secrets.randbits(62))


def random_slot() -> int:
    """The slot of a new account; even spread is all that is asked of it."""
    return secrets.randbelow(SLOTS)
