"""Our message as an e-mail of the standards (RFC 5322, MIME), and checks before it goes out."""

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Sequence
from datetime import datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage as MimeMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from typing import Final
from urllib.parse import quote

from .port import AddressRefused, Attachment, ChannelRefused, EmailMessage

EOL: Final = "\r\n"

SENDER = re.compile(r"\s*(?:\"?(?P<name>[^<>\"]*?)\"?\s*<(?P<inner>[^<>]+)>|(?P<bare>\S+))\s*")

# What nearly every address looks like, and nothing odd does.
PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def sender_of(text: str) -> Address:
    """The operator's sender: an address, or a name and the address in <>, commas allowed.

    ValueError when it is neither, so that an installation with a wrong one does not start.
    """
    found = SENDER.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        return Address(found["name"] or "", addr_spec=found["inner"] or found["bare"])
    except (ValueError, MessageError, IndexError) as error:
        raise ValueError(f"{text!r} is not a sender: write Name <address@domain>") from error


def recipient_of(message: EmailMessage) -> Address:
    """Whom it goes to; the domain as the DNS has it (IDNA).

    Raises ChannelRefused. A local part beyond ASCII (RFC 6531) is refused: hardly any server takes
    it, and sign-up does not either.
    """
    if PLAIN.fullmatch(message.to):
        local, _, domain = message.to.rpartition("@")
        return Address(username=local, domain=domain)
    local, _, domain = message.to.rpartition("@")
    try:
        return Address(addr_spec=f"{local}@{domain.encode('idna').decode('ascii')}")
    except (ValueError, MessageError, IndexError) as error:
        raise AddressRefused("malformed_address", str(error)) from error


def mail_of(message: EmailMessage, sender: Address, sent_at: datetime) -> bytes:
    """The whole mail, ready to be sent, with the line ends of mails.

    Message-ID is made of `message_id` and the sender's domain alone: a repeat has the same.
    Raises ChannelRefused for an address or header that no mail server may be given.

    Written out by hand: the standard library's way to do it costs more than everything else that
    is done for a letter, five times over.
    """
    headers = [
        ("From", _sender_header(sender.display_name, sender.addr_spec)),
        ("To", recipient_of(message).addr_spec),
        ("Subject", _encoded(message.subject)),
        ("Date", format_datetime(sent_at)),
        ("Message-ID", message_id_of(message, sender)),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834: no holiday replies
        ("MIME-Version", "1.0"),
        ("Content-Language", message.language),
    ]
    if message.unsubscribe:
        headers.append(("List-Unsubscribe", f"<{message.unsubscribe}>"))
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    body = _text_part("plain", message.text)
    if message.html is not None:
        both = [body, _text_part("html", message.html)]
        body = _parts("alternative", message.message_id.hex, both)
    if message.attachments:
        files = [_file_part(attachment) for attachment in message.attachments]
        body = _parts("mixed", f"{message.message_id.hex}.m", [body, *files])
    return b"".join(_line(name, value) for name, value in headers) + body


def _line(name: str, value: str) -> bytes:
    unfolded = value.replace(f"{EOL} ", "")
    if "\r" in unfolded or "\n" in unfolded:
        raise ChannelRefused("malformed", f"{name} has a line end in it")
    try:
        return f"{name}: {value}{EOL}".encode("ascii")
    except UnicodeEncodeError as error:
        raise ChannelRefused("malformed", f"{name} is not ASCII") from error


def _encoded(text: str) -> str:
    """A header's text; words beyond ASCII as RFC 2047 has them, and folded."""
    if text.isascii():
        return text
    if "\r" in text or "\n" in text:
        raise ChannelRefused("malformed", "a header has a line end in it")
    return Header(text, "utf-8", header_name="Subject").encode(linesep=EOL)


@cache
def _sender_header(name: str, address: str) -> str:
    mail = MimeMessage(policy=SMTP)
    mail["From"] = Address(name, addr_spec=address)
    return mail.as_bytes().decode("ascii").removeprefix("From: ").split(EOL + EOL)[0].rstrip()


def _text_part(kind: str, text: str) -> bytes:
    # No line end but CRLF leaves us, whatever is in the text: servers disagree about others.
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    quoted = b2a_qp(lines.encode(), istext=True).replace(b"\n", b"\r\n")
    about = f'Content-Type: text/{kind}; charset="utf-8"{EOL}'
    return f"{about}Content-Transfer-Encoding: quoted-printable{EOL}{EOL}".encode() + quoted


def _file_part(attachment: Attachment) -> bytes:
    name = quote(attachment.filename, safe="")
    about = (
        f"Content-Type: {attachment.content_type}{EOL}Content-Transfer-Encoding: base64{EOL}"
        f"Content-Disposition: attachment; filename*=utf-8''{name}{EOL}{EOL}"
    )
    return about.encode("ascii") + encodebytes(attachment.content).replace(b"\n", b"\r\n")


def _parts(kind: str, name: str, parts: Sequence[bytes]) -> bytes:
    boundary = f"=_{name}"  # quoted-printable and base64 never have these two beside each other
    edge = f"{EOL}--{boundary}".encode()
    about = f'Content-Type: multipart/{kind}; boundary="{boundary}"{EOL}'.encode()
    return about + b"".join(edge + b"\r\n" + part for part in parts) + edge + b"--\r\n"


def message_id_of(message: EmailMessage, sender: Address) -> str:
    """<message id@sender's domain>."""
    return f"<{message.message_id}@{sender.domain}>"
