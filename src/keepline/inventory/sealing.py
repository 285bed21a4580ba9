"""Codes of cards and profiles at rest: sealed, so that a copy of the database opens no SIM.

What is sealed names its ICCID. The way is slots/sealing.py's; the keys are stock's own.
"""

from django.conf import settings

from keepline.slots.sealing import SealBroken, Sealer, derived, keys_for

__all__ = ["SealBroken", "Sealer", "sealer", "sealing_keys"]
PURPOSE = b"keepline: codes of cards and profiles"


def sealer() -> Sealer:
    """The installation's."""
    return Sealer(sealing_keys())


def sealing_keys() -> list[bytes]:
    """From KEEPLINE_STOCK_KEYS in their order, then from what is used while none is set."""
    return keys_for(PURPOSE, settings.ENV.stock_keys)


def _derived(secret: str) -> bytes:
    return derived(PURPOSE, secret)
