"""What an SMS network tells us: messages for our numbers, parts of such, and receipts.

A channel hands these over (`SmsChannel.listen`, webhooks/sms.py); flows/take_sms.py takes them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ReceiptState = Literal["delivered", "refused"]


@dataclass(frozen=True, slots=True)
class InboundSms:
    """One whole message for one of our numbers.

    `to` is E.164 with +. `sender` is as the network said: a number with +, a short code or a word.
    `reference` is the network's id or a digest: a repeat has the same one. `sent_at` is None where
    the network does not say. What was written, and by whom, is in no repr.
    """

    to: str
    sender: str = field(repr=False)
    text: str = field(repr=False)
    reference: str
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InboundPart:
    """Part `number` of `total` of a longer message; `of` is the sender's own number for it.

    `part.text` is this part's text alone, `part.reference` this part's.
    """

    part: InboundSms
    of: int
    number: int  # from 1
    total: int


@dataclass(frozen=True, slots=True)
class SmsReceipt:
    """What became of a message that we sent, as far as the network knows; final.

    `reference` is that of SendResult. `code` is the network's own word.
    """

    reference: str
    state: ReceiptState
    code: str


Arrived = InboundSms | InboundPart | SmsReceipt
# Returns when all of it is kept; whatever it raises, none of it counts as taken.
Take = Callable[[Sequence[Arrived]], object]
