"""`calendar.made`: a member gets a fresh secret address of their calendar; the one before is dead.

T  one transaction: the address and its line in the audit trail.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keepline.accounts import feeds
from keepline.audit import services as audit

ACTION = "calendar.made"


@transaction.atomic
def renew_calendar(user_id: int, account_id: UUID, now: datetime) -> str:
    """The secret part of the address. It is told here and never again."""
    secret = feeds.make(user_id, account_id, now)
    audit.record(ACTION, actor=f"user:{user_id}", now=now, account_id=account_id)
    return secret
