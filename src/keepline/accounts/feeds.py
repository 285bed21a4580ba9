"""Secret addresses of calendars: made, found, ended."""

import secrets
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from keepline.accounts.models import CalendarFeed
from keepline.accounts.queries import token_digest
from keepline.core.ids import slot_of
from keepline.slots.sql import fetch_one

PREFIX = "kl_cal_"  # tells a scanner, and our own logs, what it is


class FeedHolder(NamedTuple):
    """Whose calendar it is. `clock_at`: what the account's test clock shows; None: real time."""

    user_id: int
    account_id: UUID
    language: str
    time_zone: str
    clock_at: datetime | None


BY_DIGEST = """
SELECT f.user_id, f.account_id, u.language, u.time_zone, c.now_at
  FROM accounts_calendarfeed f
  JOIN accounts_user u ON u.id = f.user_id AND u.is_active
  JOIN accounts_membership m ON m.user_id = f.user_id AND m.account_id = f.account_id
  JOIN accounts_account a ON a.slot = f.slot AND a.id = f.account_id AND a.closed_at IS NULL
  LEFT JOIN accounts_testclock c ON c.id = a.clock_id
 WHERE f.digest = %s
"""


def holder_by(secret: str) -> FeedHolder | None:
    """Who made the address, in one query; None for any other text, and when they have left."""
    row = fetch_one(BY_DIGEST, [token_digest(secret)])
    return FeedHolder(*row) if row else None


def made_at(user_id: int, account_id: UUID) -> datetime | None:
    """When the member's address was made; None when there is none."""
    rows = CalendarFeed.objects.filter(user_id=user_id, account_id=account_id)
    return rows.values_list("made_at", flat=True).first()


def make(user_id: int, account_id: UUID, now: datetime) -> str:
    """A fresh secret instead of the one before. It is shown once and never stored."""
    secret = PREFIX + secrets.token_urlsafe(32)
    CalendarFeed.objects.update_or_create(
        user_id=user_id,
        account_id=account_id,
        defaults={"slot": slot_of(account_id), "digest": token_digest(secret), "made_at": now},
    )
    return secret


def end(user_id: int, account_id: UUID) -> bool:
    """False when there is none."""
    ended, _ = CalendarFeed.objects.filter(user_id=user_id, account_id=account_id).delete()
    return ended > 0
