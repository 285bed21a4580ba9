"""E-mail over SMTP (RFC 5321): many mails over one connection, which is kept for the next ones."""

import smtplib
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from .enhanced_status import blames_address, status_of
from .letters import mail_of, message_id_of, recipient_of, sender_of
from .port import (
    AddressRefused,
    ChannelDown,
    ChannelRefused,
    ChannelUnavailable,
    EmailMessage,
    SendResult,
    Sent,
)
from .return_path import return_path
from .smtp_address import SmtpAddress

__all__ = ["SmtpAddress", "SmtpEmail"]

PERMANENT: Final = 500  # RFC 5321, 4.2.1: replies from here on will not change
NO_SUCH_MAILBOX: Final = (550, 551, 553)  # said to a recipient, if not of the mail
GOES_AWAY: Final = 421  # said before the server hangs up
ACCEPTED: Final = 250
GO_ON: Final = 354  # with the mail itself
TAKEN: Final = (ACCEPTED, 251)  # to a recipient: here, or forwarded
KEPT_S: Final = 30.0  # servers hang up on who is silent for minutes (4.5.3.2)
DROPS: Final = 2  # a server that hangs up so often in a row is down
# The connection is of no use any more; what was being said may have been heard.
LOST = (smtplib.SMTPServerDisconnected, OSError)


class SmtpEmail:
    """The SMTP server of the operator. Safe to share between threads: each has its connection."""

    name = "smtp"

    def __init__(
        self,
        url: str,
        sender: str,
        clock: Callable[[], float] = time.monotonic,
        bounces: str = "",
    ) -> None:
        """`bounces`: where mails come back to; "" for the sender."""
        self._address = SmtpAddress.read(url)
        self._sender = sender_of(sender)
        self._clock = clock
        self._bounces = bounces
        self._kept: deque[tuple[float, smtplib.SMTP]] = deque()

    def send(self, message: EmailMessage) -> SendResult:
        """See the port. 5xx about this mail is refused; anything else is to be tried again."""
        (sent,) = self.send_all([message])
        if isinstance(sent, SendResult):
            return sent
        raise sent

    def send_all(self, messages: Sequence[EmailMessage]) -> list[Sent]:
        """See the port. One who hangs up is called again; who does so again and again is down."""
        results: list[Sent] = []
        server: smtplib.SMTP | None = None
        down: ChannelDown | None = None
        drops = 0
        for message in messages:
            if down is not None:
                results.append(down)
                continue
            try:
                content = self._content(message)
                server, result = self._handed_over(server, message, content)
                drops = 0
            except ChannelRefused as malformed:
                result = malformed
            except ChannelDown as error:
                server, down, result = None, error, error
            except LOST as error:
                drops += 1
                server, result = None, ChannelUnavailable(f"hung up: {type(error).__name__}")
                if drops == DROPS:
                    down = ChannelDown("it hangs up on every mail")
            results.append(result)
        if server is not None:
            self._kept.append((self._clock(), server))
        return results

    def _content(self, message: EmailMessage) -> bytes:
        return mail_of(message, self._sender, datetime.now(UTC))

    def _handed_over(
        self, server: smtplib.SMTP | None, message: EmailMessage, content: bytes
    ) -> tuple[smtplib.SMTP | None, Sent]:
        """The connection if it still serves, and what came of the mail.

        Raises ChannelDown when there is no connection to be had, LOST when it breaks in a mail.
        """
        used = server is not None
        if server is None:
            server = self._kept_connection()
            used = server is not None
        if server is None:
            server = self._new_connection()
        try:
            code, said = self._begun(server, message)
        except LOST:
            code, said = GOES_AWAY, b"hung up"
        if code == GOES_AWAY and used:  # it has had enough of this connection, not of this mail
            server.close()
            server = self._new_connection()
            code, said = self._begun(server, message)
        if code == ACCEPTED:
            code, said = server.docmd("RCPT", f"TO:<{recipient_of(message).addr_spec}>")
            if code in NO_SUCH_MAILBOX and blames_address(status_of(_text(said))):
                return _after_no(server, code), AddressRefused(str(code), _text(said))
            if code in TAKEN:
                code, said = _data(server, content)
                if code == ACCEPTED:
                    return server, SendResult(message_id_of(message, self._sender))
        return _after_no(server, code), _error(code, said)

    def _comes_back_to(self, message: EmailMessage) -> str:
        if self._bounces and message.return_token:
            return return_path(self._bounces, message.return_token)
        return self._sender.addr_spec

    def _begun(self, server: smtplib.SMTP, message: EmailMessage) -> tuple[int, bytes]:
        # Not server.mail(), nor rcpt() and data() after it: they would read addresses and mails
        # that are in order already, at the cost of half of what is done for a mail here.
        return server.docmd("MAIL", f"FROM:<{self._comes_back_to(message)}>")

    def _kept_connection(self) -> smtplib.SMTP | None:
        while self._kept:
            try:
                since, server = self._kept.pop()
            except IndexError:  # another thread was faster
                return None
            if self._clock() - since < KEPT_S:
                return server
            server.close()
        return None

    def _new_connection(self) -> smtplib.SMTP:
        """Raises ChannelDown. A wrong password or certificate is our fault, not the mail's."""
        where = self._address
        secure = ssl.create_default_context() if where.tls != "none" else None
        server: smtplib.SMTP | None = None
        try:
            if where.tls == "implicit":
                server = smtplib.SMTP_SSL(
                    where.host, where.port, timeout=where.timeout_s, context=secure
                )
            else:
                server = smtplib.SMTP(where.host, where.port, timeout=where.timeout_s)
            if where.tls == "starttls":
                server.starttls(context=secure)
            server.ehlo_or_helo_if_needed()
            if where.user:
                server.login(where.user, where.password)
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            if server is not None:
                server.close()
            raise ChannelDown(_words_of(error)) from error
        return server


def _data(server: smtplib.SMTP, content: bytes) -> tuple[int, bytes]:
    """`content` has the line ends of mails; a dot that begins a line is doubled (RFC 5321,
    4.5.2)."""
    code, said = server.docmd("DATA")
    if code == GO_ON:
        end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        server.send(content.replace(b"\r\n.", b"\r\n..") + end)
        code, said = server.getreply()
    return code, said


def _after_no(server: smtplib.SMTP, code: int) -> smtplib.SMTP | None:
    """The connection, ready for the next mail; None when it is of no use any more."""
    try:
        if code != GOES_AWAY and server.rset()[0] == ACCEPTED:
            return server
    except LOST:
        pass
    server.close()
    return None


def _words_of(error: Exception) -> str:
    """For staff. What a server says to a sign-in may repeat the name, so only its code is kept."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else f"{type(error).__name__}: {error}"


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace")


def _error(code: int, text: bytes) -> ChannelRefused | ChannelUnavailable:
    said = _text(text)
    if code >= PERMANENT:
        return ChannelRefused(str(code), said)
    return ChannelUnavailable(f"{code} {said}")
