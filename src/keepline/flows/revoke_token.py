"""A token is taken back; from this moment it opens nothing."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keepline.accounts import services
from keepline.accounts.models import User
from keepline.audit import services as audit

ACTION = "token.revoked"


@transaction.atomic
def revoke_token(user: User, account_id: UUID, token_id: int, now: datetime) -> bool:
    """False when the user has no such live token."""
    if not services.revoke_token(user, token_id, now):
        return False
    audit.record(
        ACTION,
        actor=f"user:{user.pk}",
        now=now,
        account_id=account_id,
        facts={"token": token_id},
    )
    return True
