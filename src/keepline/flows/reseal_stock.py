"""`stock.resealed`: codes of cards and profiles are written anew under the first key.

    T  reseal_stock.some     some rows
    T  reseal_stock.finish   the audit event

Killed in the middle, the same command does it again: what was done is read by its new key.
"""

from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.flows.steps import transaction_step
from keepline.inventory import sims
from keepline.inventory.models import Card, Profile

ACTION = "stock.resealed"
BATCH = 1000


def reseal_stock(actor: str, now: datetime, batch: int = BATCH) -> int:
    """How many rows had codes. Raises inventory.sealing.SealBroken where no key opens one; what
    was written before stays."""
    total = 0
    kinds: tuple[type[Card] | type[Profile], ...] = (Card, Profile)
    for kind in kinds:
        after: UUID | None = None
        while True:
            with transaction_step("reseal_stock.some"):
                done, after = sims.reseal(kind, after, batch)
            total += done
            if after is None:
                break
    with transaction_step("reseal_stock.finish"):
        audit.record(ACTION, actor=actor, now=now, facts={"rows": total})
    return total
