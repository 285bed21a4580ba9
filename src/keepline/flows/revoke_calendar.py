"""`calendar.revoked`: the secret address of a member's calendar opens nothing any more.

T  one transaction: the address goes, its line in the audit trail comes.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keepline.accounts import feeds
from keepline.audit import services as audit

ACTION = "calendar.revoked"


@transaction.atomic
def revoke_calendar(user_id: int, account_id: UUID, now: datetime) -> bool:
    """False when there is no address; nothing is written then."""
    if not feeds.end(user_id, account_id):
        return False
    audit.record(ACTION, actor=f"user:{user_id}", now=now, account_id=account_id)
    return True
