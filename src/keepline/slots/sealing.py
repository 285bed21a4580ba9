"""Sealed columns: what must not be readable in a copy of the database, under keys that change.

One way for all of them (codes of SIMs, received messages). A token is Fernet's: AES-128-CBC under
an authentication by HMAC-SHA-256. What is encrypted names the row that it is of: copied to another
row, it does not open. Keys are derived from an operator's secrets, other ones for each purpose, and
lie outside the database.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

KEY_BYTES = 32


class SealBroken(Exception):
    """None of the keys opens it, or it is another row's."""


class Sealer:
    """`keys` are Fernet's: the first seals, all of them open. They are in no repr."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        ciphers = [Fernet(key) for key in keys]
        self._first, self._cipher = ciphers[0], MultiFernet(ciphers)
        # By it rows tell under which key they are, without telling anything of the key.
        self.key_id = sha256(b"key id" + keys[0]).hexdigest()[:8]

    def seal(self, row: str, values: Mapping[str, Any]) -> str:
        """A token for the row that is known by this name. About 200 characters for a short text."""
        return self._cipher.encrypt(json.dumps([row, dict(values)]).encode()).decode()

    def open(self, row: str, token: str) -> dict[str, Any]:
        """What `seal` was given. Raises SealBroken."""
        try:
            sealed_for, values = json.loads(self._cipher.decrypt(token.encode()))
        except InvalidToken:
            raise SealBroken(row) from None
        if sealed_for != row:
            raise SealBroken(row)
        opened: dict[str, Any] = values
        return opened

    def is_current(self, token: str) -> bool:
        """Whether it is under the first key."""
        try:
            self._first.decrypt(token.encode())
        except InvalidToken:
            return False
        return True

    def reseal(self, token: str) -> str:
        """The same under the first key. Raises SealBroken."""
        try:
            return self._cipher.rotate(token.encode()).decode()
        except InvalidToken:
            raise SealBroken("no key of ours opens it") from None


def keys_for(purpose: bytes, secrets: Sequence[str]) -> list[bytes]:
    """Keys from the operator's secrets in their order, then from what is used while none is set."""
    known = [*secrets, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [derived(purpose, str(secret)) for secret in known]


@lru_cache(maxsize=32)
def derived(purpose: bytes, secret: str) -> bytes:
    """A Fernet key for one purpose (HKDF, RFC 5869)."""
    derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose)
    return base64.urlsafe_b64encode(derivation.derive(secret.encode()))
