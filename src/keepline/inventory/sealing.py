"""Codes of cards and profiles at rest: sealed, so that a copy of the database opens no SIM.

What is sealed names its ICCID: a token that was copied to another row does not open there.
"""

import base64
import json
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"keepline: codes of cards and profiles"
KEY_BYTES = 32


class SealBroken(Exception):
    """None of the keys opens it, or it is another card's."""


class Sealer:
    """`keys` are Fernet's: the first seals, all of them open. They are in no repr."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._cipher = MultiFernet([Fernet(key) for key in keys])

    def seal(self, iccid: str, codes: Mapping[str, str]) -> str:
        """A token of about 200 characters."""
        return self._cipher.encrypt(json.dumps([iccid, dict(codes)]).encode()).decode()

    def open(self, iccid: str, token: str) -> dict[str, str]:
        """What `seal` was given. Raises SealBroken."""
        try:
            sealed_for, codes = json.loads(self._cipher.decrypt(token.encode()))
        except InvalidToken:
            raise SealBroken(iccid) from None
        if sealed_for != iccid:
            raise SealBroken(iccid)
        opened: dict[str, str] = codes
        return opened

    def reseal(self, token: str) -> str:
        """The same under the first key. Raises SealBroken."""
        try:
            return self._cipher.rotate(token.encode()).decode()
        except InvalidToken:
            raise SealBroken("no key of ours opens it") from None


def sealer() -> Sealer:
    """The installation's."""
    return Sealer(sealing_keys())


def sealing_keys() -> list[bytes]:
    """From KEEPLINE_STOCK_KEYS in their order, then from what is used while none is set."""
    secrets = [*settings.ENV.stock_keys, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [_derived(str(secret)) for secret in secrets]


def _derived(secret: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(secret.encode()))
