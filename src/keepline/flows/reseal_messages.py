"""`messages.resealed`: received messages are written anew under the first key.

    T  reseal_messages.some      some rows
    T  reseal_messages.finish    the audit event

Messages go on arriving meanwhile. Those of a process that has the keys in their old order come
under the old key: the rounds go on until one finds none. Killed in the middle, the same command
does the rest, as each row tells its key.
"""

from datetime import datetime

from keepline.audit import services as audit
from keepline.flows.steps import transaction_step
from keepline.messages import inbox

ACTION = "messages.resealed"
BATCH = 500
ROUNDS = 100  # a process that seals under the old key for so long is named by the command


def reseal_messages(actor: str, now: datetime, batch: int = BATCH) -> int:
    """How many were sealed anew. Raises messages.sealing.SealBroken where no key opens one; what
    was written before stays."""
    total = 0
    for _ in range(ROUNDS):
        done = _round(batch)
        total += done
        if not done:
            break
    with transaction_step("reseal_messages.finish"):
        audit.record(ACTION, actor=actor, now=now, facts={"rows": total})
    return total


def _round(batch: int) -> int:
    done, after = 0, inbox.FIRST
    while True:
        with transaction_step("reseal_messages.some"):
            some, last = inbox.reseal(after, batch)
        if last is None:
            return done
        done, after = done + some, last
