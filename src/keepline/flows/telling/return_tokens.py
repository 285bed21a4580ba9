"""What is in the return path of a letter: which letter it is, and to which address it went.

Signed, so that nobody can say that another's letters came back; and short: it stands before the @
of an address, where capitals may get lost.
"""

import hmac
from base64 import b32decode, b32encode
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

ID_BYTES, MARK_BYTES, SEAL_BYTES = 16, 5, 8
WHOLE: Final = ID_BYTES + MARK_BYTES + SEAL_BYTES
PADDED: Final = 48  # signs of base32


class Returned(NamedTuple):
    """The letter's first delivery, and the mark of the address that it went to."""

    delivery_id: UUID
    mark: bytes


def mark_of(address: str) -> bytes:
    """By which an address is known again; nobody can read it from that."""
    return sha256(address.casefold().encode()).digest()[:MARK_BYTES]


def return_token(letter_id: UUID, address: str) -> str:
    """For the return path of one letter."""
    told = letter_id.bytes + mark_of(address)
    whole = told + _seal(told, settings.SECRET_KEY)
    return b32encode(whole).decode().rstrip("=").lower()


def read_token(token: str) -> Returned | None:
    """None for one that was not made here."""
    try:
        whole = b32decode(token.upper().ljust(PADDED, "="))
    except ValueError:
        return None
    told, seal = whole[:-SEAL_BYTES], whole[-SEAL_BYTES:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if len(whole) != WHOLE or not any(hmac.compare_digest(seal, _seal(told, k)) for k in keys):
        return None
    return Returned(UUID(bytes=told[:ID_BYTES]), told[ID_BYTES:])


def _seal(told: bytes, key: str | bytes) -> bytes:
    whole = salted_hmac("keepline.return_path", told, secret=key, algorithm="sha256")
    return whole.digest()[:SEAL_BYTES]
