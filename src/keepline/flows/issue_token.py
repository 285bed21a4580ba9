"""A member lets a program act for them within the account: a token, shown once."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keepline.accounts import queries, services
from keepline.accounts.models import User
from keepline.audit import services as audit

ACTION = "token.issued"


@transaction.atomic
def issue_token(
    user: User, account_id: UUID, name: str, now: datetime, valid_days: int | None = None
) -> services.IssuedToken:
    """`valid_days` None: until it is revoked."""
    issued = services.issue_token(user, queries.account(account_id), name, now, valid_days)
    audit.record(
        ACTION,
        actor=f"user:{user.pk}",
        now=now,
        account_id=account_id,
        facts={"token": issued.token.pk, "name": issued.token.name},
    )
    return issued
