"""Our message as an e-mail of the standards (RFC 5322, MIME), and checks before it goes out."""

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage as MimeMessage
from email.utils import format_datetime, parseaddr

from .port import ChannelRefused, EmailMessage


def mail_of(message: EmailMessage, sender: str, sent_at: datetime) -> MimeMessage:
    """The whole mail, ready to be sent. `sender`: an address, or a name with one in <>.

    Message-ID is made of `message_id` and the sender's domain alone: a repeat has the same.
    Raises ChannelRefused for an address or header that no mail server may be given.
    """
    name, address = parseaddr(sender)
    mail = MimeMessage()
    try:
        mail["From"] = Address(name, addr_spec=address)
        mail["To"] = Address(addr_spec=message.to)
        mail["Subject"] = message.subject
        mail["Content-Language"] = message.language
    except (ValueError, MessageError, IndexError) as error:
        raise ChannelRefused("malformed", str(error)) from error
    mail["Date"] = format_datetime(sent_at)
    mail["Message-ID"] = message_id_of(message, sender)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
    mail.set_content(message.text, cte="quoted-printable")
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    for attachment in message.attachments:
        kind, _, subkind = attachment.content_type.partition("/")
        mail.add_attachment(
            attachment.content, maintype=kind, subtype=subkind, filename=attachment.filename
        )
    return mail


def message_id_of(message: EmailMessage, sender: str) -> str:
    """<message id@sender's domain>."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{message.message_id}@{domain}>"
