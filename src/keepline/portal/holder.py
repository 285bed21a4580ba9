"""Who holds the lines that this request may touch."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from keepline.accounts.models import User
from keepline.accounts.queries import may_manage, may_read, may_spend, membership_of


@dataclass(frozen=True, slots=True)
class Holder:
    """A signed-in user and the account they act for. time_zone: IANA; language: of LANGUAGES.

    `clock_at`: what the account's test clock shows, None for real time.
    """

    user: User
    account_id: UUID
    slot: int
    role: str
    time_zone: str
    language: str
    clock_at: datetime | None = None

    @property
    def now(self) -> datetime:
        """What time it is for the account: its test clock's, or the real one's."""
        return self.clock_at or timezone.now()

    @property
    def may_spend(self) -> bool:
        """Whether the pages offer what moves money or changes lines."""
        return may_spend(self.role)

    @property
    def may_read(self) -> bool:
        """Whether the pages offer what numbers received."""
        return may_read(self.role)

    @property
    def may_manage(self) -> bool:
        """Whether the pages offer to give a line up."""
        return may_manage(self.role)


def holder_of(request: HttpRequest) -> Holder | None:
    """One query; None for visitors and for users without an account (staff)."""
    user = request.user
    if not isinstance(user, User):
        return None
    membered = membership_of(user.pk)
    if membered is None:
        return None
    return Holder(
        user=user,
        account_id=membered.account_id,
        slot=membered.slot,
        role=membered.role,
        time_zone=user.time_zone,
        language=user.language,
        clock_at=membered.clock_at,
    )
