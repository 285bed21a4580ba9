"""Who holds the lines that this request may touch."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from keepline.accounts.models import User
from keepline.accounts.queries import may_spend, membership_of


@dataclass(frozen=True, slots=True)
class Holder:
    """A signed-in user and the account they act for. time_zone: IANA; language: of LANGUAGES."""

    user: User
    account_id: UUID
    slot: int
    role: str
    time_zone: str
    language: str

    @property
    def may_spend(self) -> bool:
        """Whether the pages offer what moves money or changes lines."""
        return may_spend(self.role)


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
    )
