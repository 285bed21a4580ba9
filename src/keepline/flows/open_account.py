"""A new user gets an account of their own with its wallet. One transaction."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from keepline.accounts import services as accounts
from keepline.accounts.models import User
from keepline.audit import services as audit
from keepline.ledger import services as ledger

ACTION = "account.opened"


class Opened(NamedTuple):
    account_id: UUID
    wallet_id: UUID


@transaction.atomic
def open_account(user: User, currency: str, language: str, time_zone: str, now: datetime) -> Opened:
    """currency: ISO 4217; language: one of settings.LANGUAGES; time_zone: IANA."""
    account = accounts.open_account(user, currency, language, time_zone, now)
    wallet = ledger.open_wallet(account.id, currency)
    audit.record(
        ACTION,
        actor=f"user:{user.pk}",
        now=now,
        account_id=account.id,
        facts={"currency": currency, "language": language, "time_zone": time_zone},
    )
    return Opened(account.id, wallet.id)
