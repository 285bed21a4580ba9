"""What a check came to, written once, whoever brings it: the provider's word, or our question.

The caller is inside a transaction step.
"""

from datetime import datetime
from typing import Final

from keepline.accounts import clocks, identity
from keepline.accounts.models import IdentityCheck
from keepline.audit import services as audit
from keepline.core.lifecycle.identity_check import IdentityEvent, IdentityState
from keepline.gateways.identity.port import Check
from keepline.messages import services as outbox

SETTLED: Final = "identity.checked"
EVENTS: Final = {
    "verified": IdentityEvent.VERIFY,
    "refused": IdentityEvent.REFUSE,
    "expired": IdentityEvent.EXPIRE,
}
TOLD: Final = {"verified": "identity.verified", "refused": "identity.refused"}


def settle(row: IdentityCheck, found: Check, now: datetime) -> bool:
    """Moves a locked check by a decided answer. False: it had its result before."""
    if row.state != IdentityState.PENDING:
        return False
    identity.transition(
        row,
        EVENTS[found.result],
        now,
        reason=found.reason,
        country=found.country,
        of_age=found.of_age,
    )
    if found.result in TOLD:
        at = clocks.now_for(row.account_id, now)  # letters go by the account's own clock
        outbox.put_notice(TOLD[found.result], row.account_id, at)
    audit.record(
        SETTLED,
        actor=row.provider,
        now=now,
        account_id=row.account_id,
        subject_id=row.id,
        facts={"result": found.result, "reason": found.reason},
    )
    return True
