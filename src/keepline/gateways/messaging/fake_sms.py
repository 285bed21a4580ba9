"""A fake: SMS are not sent but written as files, so that demo and tests can read them."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from keepline.gateways.messaging.inbound import Take
from keepline.gateways.messaging.port import ChannelDown, ChannelRefused, Sent, one_by_one
from keepline.gateways.messaging.sms import SendResult, SmsMessage

E164 = re.compile(r"\+[1-9]\d{5,14}", re.ASCII)
REFUSED_ENDING = "0000"  # numbers that end so exist nowhere


class FakeSms:
    """Writes <message id>.txt (number, blank line, text) into `folder`, readable by its owner."""

    name = "fake-sms"
    most_at_once = 100

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: SmsMessage) -> SendResult:
        """A repeat of the same message writes the same file again."""
        if not E164.fullmatch(message.to):
            raise ChannelRefused("malformed_number", "no E.164 number")
        if message.to.endswith(REFUSED_ENDING):
            raise ChannelRefused("no_such_number", "the fake refuses numbers that end in 0000")
        target = self.folder / f"{message.message_id}.txt"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{message.to}\n\n{message.text}\n")
        except OSError as error:
            raise ChannelDown(type(error).__name__) from error
        return SendResult(reference=str(message.message_id))

    def send_all(self, messages: Sequence[SmsMessage]) -> list[Sent]:
        """See the port."""
        return one_by_one(self.send, messages)

    def listen(self, take: Take) -> None:
        """Nobody writes to the fake's numbers."""

    def complaints(self) -> list[str]:
        """None: a folder is made when it is needed."""
        return []

    def close(self) -> None:
        """Nothing is open."""
