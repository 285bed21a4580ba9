"""When the ways to reach a user, and to get in without their password, were replaced.

allauth tells of e-mails and forgotten passwords; phones go the way of flows/change_phone.py. What
waits then: flows/limits.py.
"""

from datetime import datetime
from typing import Any

from allauth.account import signals
from allauth.account.models import EmailAddress
from django.utils import timezone

from keepline.accounts import queries, services
from keepline.accounts.models import User


def listen() -> None:
    """Called once at start."""
    signals.email_changed.connect(_email_changed, dispatch_uid="keepline")
    signals.email_removed.connect(_replaced, dispatch_uid="keepline")
    signals.password_reset.connect(_replaced, dispatch_uid="keepline")


def now_of(user: User) -> datetime:
    """What time it is for the user's account: its test clock's, or the real one's."""
    member = queries.membership_of(user.pk)
    return (member and member.clock_at) or timezone.now()


def _email_changed(
    user: User, from_email_address: EmailAddress | None = None, **_more: Any
) -> None:
    """Also sent while somebody signs up, who was not known by anything before."""
    by_mail = from_email_address is not None and from_email_address.verified
    if by_mail or user.phone_verified or user.former_phone:
        services.note_contacts_changed(user, now_of(user))


def _replaced(user: User, **_more: Any) -> None:
    services.note_contacts_changed(user, now_of(user))
