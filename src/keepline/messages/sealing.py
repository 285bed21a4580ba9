"""Received messages at rest: sealed, so that a copy of the database is no inbox.

What is sealed names its line and its message. The way is slots/sealing.py's; the keys are the
messages' own. Parts of a message that is not whole yet are sealed in the same way.
"""

import hmac
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from keepline.slots.sealing import SealBroken, Sealer, derived, keys_for

__all__ = ["SealBroken", "Sealer", "row_name", "sealer", "sender_mark"]
PURPOSE = b"keepline: received messages"
MARKS = b"keepline: senders of received messages"


def sealer() -> Sealer:
    """The installation's: KEEPLINE_MESSAGE_KEYS, then what is used while none is set."""
    return Sealer(keys_for(PURPOSE, settings.ENV.message_keys))


def row_name(line_id: UUID, message_id: UUID) -> str:
    """What a sealed message names: in another line, or another message, it does not open."""
    return f"{line_id}:{message_id}"


def sender_mark(line_id: UUID, sender: str) -> str:
    """The same for the same sender to the same line, and says nothing of who it is: so that senders
    can be counted by who may not read them. 16 signs."""
    key = derived(MARKS, settings.SECRET_KEY)
    return hmac.new(key, f"{line_id}:{sender.casefold()}".encode(), sha256).hexdigest()[:16]
