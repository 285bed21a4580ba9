"""E-mail over SMTP (RFC 5321), one connection a message."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.policy import SMTP
from typing import Literal, cast
from urllib.parse import parse_qs, unquote, urlsplit

from .letters import mail_of, message_id_of, recipient_of, sender_of
from .port import ChannelRefused, ChannelUnavailable, EmailMessage, SendResult

Tls = Literal["none", "starttls", "implicit"]
PERMANENT = 500  # RFC 5321, 4.2.1: replies from here on will not change
PORTS = {"none": 25, "starttls": 587, "implicit": 465}


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """smtp://user:password@host:port?tls=none|starttls|implicit&timeout=SECONDS."""

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
        tls = query.get("tls", ["none" if local else "starttls"])[0]
        if parts.scheme != "smtp" or not parts.hostname or tls not in PORTS:
            raise ValueError("an SMTP address reads smtp://user:password@host:port?tls=starttls")
        return cls(
            host=parts.hostname,
            port=parts.port or PORTS[tls],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=cast("Tls", tls),
            timeout_s=float(query.get("timeout", ["15"])[0]),
        )


class SmtpEmail:
    """The SMTP server of the operator."""

    name = "smtp"

    def __init__(self, url: str, sender: str) -> None:
        self._address = SmtpAddress.read(url)
        self._sender = sender_of(sender)

    def send(self, message: EmailMessage) -> SendResult:
        """See the port. 5xx about this mail is refused; anything else is to be tried again."""
        mail = mail_of(message, self._sender, datetime.now(UTC))
        content = mail.as_bytes(policy=SMTP)
        with _named_errors(), self._connection() as server:
            server.sendmail(self._sender.addr_spec, [recipient_of(message).addr_spec], content)
        return SendResult(message_id_of(message, self._sender))

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        where = self._address
        secure = ssl.create_default_context()
        if where.tls == "implicit":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                where.host, where.port, timeout=where.timeout_s, context=secure
            )
        else:
            server = smtplib.SMTP(where.host, where.port, timeout=where.timeout_s)
        try:
            if where.tls == "starttls":
                server.starttls(context=secure)
            if where.user:
                server.login(where.user, where.password)
            yield server
            _farewell(server)
        finally:
            server.close()


def _farewell(server: smtplib.SMTP) -> None:
    """The mail is accepted already; a server that hangs up here has not refused it."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        return


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise _error(code, text) from error
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        raise _error(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        # A wrong password or certificate is our fault, not the mail's: the mail waits for repair.
        raise ChannelUnavailable(f"{type(error).__name__}: {error}") from error


def _error(code: int, text: bytes | str) -> ChannelRefused | ChannelUnavailable:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return (
        ChannelRefused(str(code), said)
        if code >= PERMANENT
        else ChannelUnavailable(f"{code} {said}")
    )
