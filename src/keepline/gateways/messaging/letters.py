"""Our message as an e-mail of the standards (RFC 5322, MIME), and checks before it goes out."""

import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage as MimeMessage
from email.utils import format_datetime

from .port import AddressRefused, ChannelRefused, EmailMessage

SENDER = re.compile(r"\s*(?:\"?(?P<name>[^<>\"]*?)\"?\s*<(?P<inner>[^<>]+)>|(?P<bare>\S+))\s*")


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
    local, _, domain = message.to.rpartition("@")
    try:
        return Address(addr_spec=f"{local}@{domain.encode('idna').decode('ascii')}")
    except (ValueError, MessageError, IndexError) as error:
        raise AddressRefused("malformed_address", str(error)) from error


def mail_of(message: EmailMessage, sender: Address, sent_at: datetime) -> MimeMessage:
    """The whole mail, ready to be sent.

    Message-ID is made of `message_id` and the sender's domain alone: a repeat has the same.
    Raises ChannelRefused for an address or header that no mail server may be given.
    """
    try:
        return _filled(message, sender, sent_at)
    except (ValueError, MessageError, IndexError) as error:
        raise ChannelRefused("malformed", str(error)) from error


def _filled(message: EmailMessage, sender: Address, sent_at: datetime) -> MimeMessage:
    mail = MimeMessage()
    mail["From"] = sender
    mail["To"] = recipient_of(message)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(sent_at)
    mail["Message-ID"] = message_id_of(message, sender)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
    if message.unsubscribe:
        mail["List-Unsubscribe"] = f"<{message.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.text, cte="quoted-printable")
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    for attachment in message.attachments:
        kind, _, subkind = attachment.content_type.partition("/")
        mail.add_attachment(
            attachment.content, maintype=kind, subtype=subkind, filename=attachment.filename
        )
    mail["Content-Language"] = message.language  # last: adding parts moves Content-* into them
    return mail


def message_id_of(message: EmailMessage, sender: Address) -> str:
    """<message id@sender's domain>."""
    return f"<{message.message_id}@{sender.domain}>"
