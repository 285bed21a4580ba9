"""Reads whether an account's holder has shown who they are, and what they can do about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from keepline.accounts import identity
from keepline.core.lifecycle.identity_check import IdentityState
from keepline.flows.check_identity import tries_again_at
from keepline.gateways import switchboard

IdentityStage = Literal["not_asked", "pending", "verified", "refused", "expired"]


@dataclass(frozen=True, slots=True)
class IdentityView:
    """`stage` of the last check. `reason`: of a refusal, one of the port's words. `at`: when it
    was asked for, or ended. `until`: how long a pending one may be finished. `again_at`: when
    another may be begun, None for now. `possible`: somebody could check it here.

    `country`, `of_age`: as the provider said, for staff.
    """

    stage: IdentityStage
    possible: bool
    reason: str = ""
    at: datetime | None = None
    until: datetime | None = None
    again_at: datetime | None = None
    country: str = ""
    of_age: bool | None = None

    @property
    def may_begin(self) -> bool:
        """Whether a check can be begun, or gone on with, now."""
        return self.possible and self.stage != "verified" and self.again_at is None


def show_identity(account_id: UUID, now: datetime) -> IdentityView:
    """Two queries at most. `now`: real time."""
    row, possible = identity.last_of(account_id), switchboard.has("identity")
    if row is None:
        return IdentityView("not_asked", possible)
    ended = row.state in (IdentityState.REFUSED, IdentityState.EXPIRED)
    return IdentityView(
        stage=cast("IdentityStage", row.state),
        possible=possible,
        reason=row.reason,
        at=row.ended_at or row.asked_at,
        until=row.expires_at if row.state == IdentityState.PENDING else None,
        again_at=tries_again_at(account_id, now) if ended else None,
        country=row.country,
        of_age=row.of_age,
    )
