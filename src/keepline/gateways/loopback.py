"""How the sandbox and the fakes are spoken to, which listen on loopback and without TLS."""

import ssl
from typing import Any, Final

# Reading the certificates of the world takes longer than the call; none of them is believed here.
_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
LOOPBACK: Final[dict[str, Any]] = {"verify": _NO_TLS, "trust_env": False}  # nor is a proxy asked
