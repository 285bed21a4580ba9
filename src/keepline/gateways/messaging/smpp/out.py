"""Messages out: in parts, within the window, at the operator's pace."""

import asyncio
import re
from collections.abc import Sequence
from typing import Final

from keepline.gateways.messaging.port import ChannelDown, ChannelRefused, ChannelUnavailable, Sent
from keepline.gateways.messaging.sms import SendResult, SmsMessage

from .address import SmppAddress
from .keeper import Keeper
from .link import NotBound, Unanswered
from .pace import Pace
from .receipts import reference_of
from .statuses import meaning_of, name_of
from .texts import Encoded, TooLong, encoded
from .wire import Pdu, submit_sm

WITHIN_S: Final = 50.0  # after it, what was not sent comes again another time
E164: Final = re.compile(r"\+[1-9]\d{5,14}", re.ASCII)
FULL: Final = "the SMSC takes fewer messages than wait"


class Out:
    """Lives in one event loop; any number of callers share its window and pace."""

    def __init__(self, address: SmppAddress, keeper: Keeper) -> None:
        self._address = address
        self._keeper = keeper
        self._pace = Pace(address.rate_per_s)
        self._window = asyncio.Semaphore(address.window)

    async def send_all(self, messages: Sequence[SmsMessage]) -> list[Sent]:
        """See the port."""
        until_s = asyncio.get_running_loop().time() + WITHIN_S
        outcomes: dict[int, Sent] = {}
        waiting = iter(enumerate(messages))

        async def hand() -> None:
            for place, message in waiting:
                outcomes[place] = await self._send(message, until_s)

        hands = min(self._address.window, len(messages))
        await asyncio.gather(*(hand() for _ in range(hands)))
        return [outcomes[place] for place in range(len(messages))]

    async def _send(self, message: SmsMessage, until_s: float) -> Sent:
        if not E164.fullmatch(message.to):
            return ChannelRefused("malformed_number", "no E.164 number")
        try:
            # The same number for a repeat, so that a phone can tell its parts are the same.
            parts = encoded(message.text, message.message_id.int & 0xFF, self._address.alphabet)
        except TooLong as error:
            return ChannelRefused("too_long", str(error))
        outcome: Sent = ChannelRefused("empty", "no parts")
        for part in parts:
            outcome = await self._submit(message, part, part is parts[-1], until_s)
            if isinstance(outcome, ChannelDown) and part is not parts[0]:
                return ChannelUnavailable(f"after a part of it had left: {outcome}")
            if not isinstance(outcome, SendResult):
                break
        return outcome

    async def _submit(
        self, message: SmsMessage, part: Encoded, is_last: bool, until_s: float
    ) -> Sent:
        def build(sequence: int) -> bytes:
            sender, useful_s = self._address.sender, message.useful_for_s
            wants_receipt = is_last and message.wants_receipt
            return submit_sm(sequence, sender, message.to, part, wants_receipt, useful_s)

        loop = asyncio.get_running_loop()
        while loop.time() < until_s:
            async with self._window:
                await self._pace.turn()
                if loop.time() >= until_s:
                    break
                try:
                    link = await self._keeper.link()
                    answer = await link.ask(build)
                except NotBound as error:
                    return ChannelDown(str(error))
                except Unanswered as error:
                    return ChannelUnavailable(f"{error}: whether it was taken is not known")
            meaning = meaning_of(answer.status)
            if meaning == "taken":
                self._pace.calm()
                return SendResult(self._reference(answer))
            if meaning == "refused":
                return ChannelRefused(name_of(answer.status), "the SMSC refuses the message")
            if meaning == "again":
                return ChannelUnavailable(name_of(answer.status))
            self._pace.hold()
        return ChannelDown(FULL)

    def _reference(self, answer: Pdu) -> str:
        message_id, _, _ = answer.body.partition(b"\0")
        return reference_of(message_id, self._address.receipt_ids)
