"""Who may still watch an account's messages: asked for many open pages at once.

A page was opened by a session, of a person, as a member. Whoever signs out, is signed out, changes
their password, leaves the account or loses the role may watch no longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from keepline.accounts.models import User
from keepline.accounts.queries import READERS, membership_of
from keepline.slots.sql import fetch_all


@dataclass(frozen=True, slots=True)
class Pass:
    """What a page is open by. `mark` changes with the password."""

    session_key: str
    user_id: int
    account_id: UUID
    mark: str


def pass_for(user: User, session_key: str) -> Pass | None:
    """For a user whose session was looked at; None when they may read no messages."""
    membered = membership_of(user.pk)
    if membered is None or membered.role not in READERS:
        return None
    mark = sha256(user.password.encode()).hexdigest()
    return Pass(session_key, user.pk, membered.account_id, mark)


STILL = """
SELECT w.place FROM unnest(%(sessions)s::text[], %(users)s::int[], %(accounts)s::uuid[],
                           %(marks)s::text[])
  WITH ORDINALITY AS w(session, person, account, mark, place)
JOIN django_session s ON s.session_key = w.session AND s.expire_date > %(now)s
JOIN accounts_user u ON u.id = w.person AND u.is_active
  AND encode(sha256(convert_to(u.password, 'UTF8')), 'hex') = w.mark
JOIN accounts_membership m ON m.user_id = w.person AND m.account_id = w.account
  AND m.role = ANY(%(readers)s)
"""


def still_good(passes: Sequence[Pass], now: datetime) -> set[Pass]:
    """Those that still are. One query."""
    if not passes:
        return set()
    params = {
        "sessions": [each.session_key for each in passes],
        "users": [each.user_id for each in passes],
        "accounts": [each.account_id for each in passes],
        "marks": [each.mark for each in passes],
        "readers": sorted(READERS),
        "now": now,
    }
    return {passes[row.place - 1] for row in fetch_all(STILL, params)}
