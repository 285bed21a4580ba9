"""The two keys: the application's, which signs, and Alipay's, which is believed."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_der_public_key,
)

from . import sdk

SMALLEST_BITS = 2048  # RSA2 asks for it


class Keys:
    """Both as Alipay's tools give them: base64 on one line, or PEM; PKCS#1 or PKCS#8.

    Raises ValueError, without the key, when one cannot be read.
    """

    def __init__(self, app_private_key: str, alipay_public_key: str) -> None:
        try:
            private = load_der_private_key(_der(app_private_key), None)
            public = load_der_public_key(_der(alipay_public_key))
        except (ValueError, TypeError):
            raise ValueError("a key of Alipay cannot be read: base64 or PEM is needed") from None
        if not isinstance(private, RSAPrivateKey) or not isinstance(public, RSAPublicKey):
            raise ValueError("a key of Alipay is not an RSA key")  # noqa: TRY004  wrong text
        if min(private.key_size, public.key_size) < SMALLEST_BITS:
            raise ValueError(f"a key of Alipay has fewer than {SMALLEST_BITS} bits")
        self._public = public
        self._private = private.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        ).decode()

    def sign(self, content: str) -> str:
        """Our signature."""
        return sdk.sign(self._private, content)

    def fits(self, signature: str, content: str) -> bool:
        """Whether Alipay signed this: SHA-256 and no other hash, strict base64."""
        try:
            given = base64.b64decode(signature, validate=True)
            self._public.verify(given, content.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


def _der(text: str) -> bytes:
    lines = [line.strip() for line in text.strip().splitlines()]
    return base64.b64decode("".join(line for line in lines if not line.startswith("-----")))
