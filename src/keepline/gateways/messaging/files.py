"""E-mail into a folder, for the demo: nothing leaves this machine. One .eml file a message."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from .letters import mail_of, message_id_of, sender_of
from .port import ChannelDown, EmailMessage, SendResult, Sent, one_by_one


class FileEmail:
    """Writes <message id>.eml, readable by its owner only: a mail may hold a sign-in code."""

    name = "files"

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender_of(sender)

    def send(self, message: EmailMessage) -> SendResult:
        """See the port. A repeat replaces the file by an equal one."""
        content = mail_of(message, self._sender, datetime.now(UTC))
        target = self._folder / f"{message.message_id}.eml"
        part = target.with_suffix(f".{os.getpid()}.part")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            part.replace(target)
        except OSError as error:
            raise ChannelDown(str(error)) from error
        return SendResult(message_id_of(message, self._sender))

    def send_all(self, messages: Sequence[EmailMessage]) -> list[Sent]:
        """See the port."""
        return one_by_one(self.send, messages)
