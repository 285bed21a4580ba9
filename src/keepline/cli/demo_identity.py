"""The demo's identity provider: the fake one, on loopback. No shipped catalogue asks for it."""

import base64
import secrets
from collections.abc import MutableMapping

from keepline.config.environment import Environment

FOLDER = "fake-identity"
SIGNED_WITH = 32  # octets


def connect(env: Environment, environ: MutableMapping[str, str]) -> bool:
    """Settings by which processes that start from now on speak with the fake.

    False: the operator named a bridge of their own, so there is no fake.
    """
    if env.identity_url:
        return False
    signing = base64.b64encode(secrets.token_bytes(SIGNED_WITH)).decode()
    environ.update(
        KEEPLINE_IDENTITY_URL=f"http://localhost:{env.identity_port}",
        KEEPLINE_IDENTITY_KEY=secrets.token_hex(32),
        KEEPLINE_IDENTITY_SECRETS=f"whsec_{signing}",
    )
    return True
