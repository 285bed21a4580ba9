"""FakeAlipay's side of RSA2: it signs answers and notifications, and believes one application."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key


class Signing:
    """`own_key` is Alipay's private key, `app_key` the application's public one; both PEM."""

    def __init__(self, own_key: bytes, app_key: bytes, app_id: str) -> None:
        own, app = load_pem_private_key(own_key, None), load_pem_public_key(app_key)
        assert isinstance(own, RSAPrivateKey)
        assert isinstance(app, RSAPublicKey)
        self._own, self._app, self.app_id = own, app, app_id

    def is_ours(self, params: Mapping[str, str]) -> bool:
        """Whether the application signed this request."""
        content = _content({name: value for name, value in params.items() if name != "sign"})
        try:
            given = base64.b64decode(params["sign"], validate=True)
            self._app.verify(given, content.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, KeyError, ValueError):
            return False
        return params.get("app_id") == self.app_id

    def answer(self, api: str, content: Mapping[str, Any], *, wrong: bool = False) -> str:
        """The gateway's JSON; `wrong` signs another text."""
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        signature = self._sign(f"{text} " if wrong else text)
        return f'{{"{api.replace(".", "_")}_response":{text},"sign":"{signature}"}}'

    def notification(self, fields: Mapping[str, str]) -> bytes:
        """The form that is sent to the seller."""
        full = {"app_id": self.app_id, "charset": "utf-8", "version": "1.0", **fields}
        full.setdefault("notify_id", uuid4().hex)
        signed = {**full, "sign_type": "RSA2", "sign": self._sign(_content(full))}
        return urlencode(signed).encode()

    def _sign(self, content: str) -> str:
        return base64.b64encode(self._own.sign(content.encode(), PKCS1v15(), SHA256())).decode()


def _content(fields: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
