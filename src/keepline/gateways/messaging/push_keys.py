"""The key pair by which push services know this installation (VAPID, RFC 8292).

Browsers subscribe with its public half: whoever changes the pair must have everybody subscribe
again. Both halves in base64url without padding: 32 bytes, and the uncompressed point of 65.
"""

import base64
import secrets

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256, FIPS 186-5
KEY_BYTES = 32


def new_private_key() -> str:
    """A fresh one."""
    return _text((1 + secrets.randbelow(ORDER - 1)).to_bytes(KEY_BYTES, "big"))


def public_key_of(private_key: str) -> str:
    """Raises ValueError for what is no private key."""
    try:
        raw = base64.b64decode(private_key + "=", altchars=b"-_", validate=True)
    except ValueError:
        raise ValueError("no base64url") from None
    number = int.from_bytes(raw, "big")
    if len(raw) != KEY_BYTES or not 0 < number < ORDER:
        raise ValueError("no private key of P-256")
    public = derive_private_key(number, SECP256R1()).public_key()
    return _text(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
