"""A fake: SMS are not sent but written as files, so that demo and tests can read them."""

import os
from pathlib import Path

from keepline.gateways.messaging.port import ChannelUnavailable
from keepline.gateways.messaging.sms import SendResult, SmsMessage


class FakeSms:
    """Writes <message id>.txt (number, blank line, text) into `folder`, readable by its owner."""

    name = "fake-sms"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: SmsMessage) -> SendResult:
        """A repeat of the same message writes the same file again."""
        target = self.folder / f"{message.message_id}.txt"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{message.to}\n\n{message.text}\n")
        except OSError as error:
            raise ChannelUnavailable(str(error)) from error
        return SendResult(reference=str(message.message_id))
