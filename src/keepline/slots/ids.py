"""Makes ids. Core only lays out the bits; the clock and the randomness come in here."""

import secrets
import time
from threading import Lock
from uuid import UUID

from keepline.core.ids import SLOTS, make_id

__all__ = ["new_id", "random_slot"]

RANDOM_BITS, STEP_BITS = 62, 32
_making = Lock()
_last = (0, 0)  # milliseconds and random bits of the last id


def new_id(slot: int) -> UUID:
    """A fresh UUIDv7 (RFC 9562) whose spare bits carry `slot` (0..255).

    Of two made by one process the second is the larger (6.2, method 2), so that what one
    transaction writes can be told in its order.
    """
    return make_id(slot, *_moment())


def _moment() -> tuple[int, int]:
    global _last  # noqa: PLW0603 - one for the process
    with _making:
        ms, bits = time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS)
        if ms <= _last[0]:
            ms, bits = _last[0], _last[1] + 1 + secrets.randbits(STEP_BITS)
            if bits >> RANDOM_BITS:
                ms, bits = ms + 1, secrets.randbits(STEP_BITS)
        _last = ms, bits
    return _last


def random_slot() -> int:
    """The slot of a new account; even spread is all that is asked of it."""
    return secrets.randbelow(SLOTS)
