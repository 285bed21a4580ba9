"""Where the operator's SMTP server is and how it is spoken to, read from one address."""

from dataclasses import dataclass, field
from typing import Literal, cast
from urllib.parse import parse_qs, unquote, urlsplit

Tls = Literal["none", "starttls", "implicit"]
PORTS = {"none": 25, "starttls": 587, "implicit": 465}


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """smtp://user:password@host:port?tls=none|starttls|implicit&timeout=SECONDS, or smtps://..."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: Tls
    timeout_s: float

    @classmethod
    def read(cls, url: str) -> "SmtpAddress":
        """User and password are percent-encoded. tls: starttls unless the host is this machine.

        ValueError, without the password in it, when the address is not one.
        """
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        local = parts.hostname in ("localhost", "127.0.0.1", "::1")
        usual = "implicit" if parts.scheme == "smtps" else "none" if local else "starttls"
        tls = query.get("tls", [usual])[0]
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or tls not in PORTS:
            raise ValueError("an SMTP address reads smtp://user:password@host:port?tls=starttls")
        return cls(
            host=parts.hostname,
            port=parts.port or PORTS[tls],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=cast("Tls", tls),
            timeout_s=float(query.get("timeout", ["15"])[0]),
        )
