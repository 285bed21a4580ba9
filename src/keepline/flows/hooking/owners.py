"""Whose endpoint it is, and what one may ask for it."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from keepline.audit import services as audit
from keepline.flows.errors import FlowRefused
from keepline.flows.hooking.kinds import KINDS
from keepline.messages import endpoints
from keepline.messages.endpoints import Endpoint

LONGEST_NAME: Final = 60
MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Owner:
    """`account_id`: None for the operator. `actor`: as the audit trail names who asks."""

    account_id: UUID | None
    actor: str

    def endpoint(self, endpoint_id: UUID) -> Endpoint:
        """Theirs. Raises FlowRefused("not_found")."""
        found = endpoints.find(endpoint_id, self.account_id)
        if found is None:
            raise FlowRefused("not_found")
        return found

    def record(self, action: str, endpoint_id: UUID, now: datetime, **facts: Any) -> None:
        """Into the audit trail; never an address, which may hold a secret of the other side."""
        audit.record(
            action,
            actor=self.actor,
            now=now,
            account_id=self.account_id,
            subject_id=endpoint_id,
            facts=facts,
        )


def checked_name(name: str) -> str:
    """A name as it is kept. Raises FlowRefused("name_refused")."""
    name = name.strip()
    if len(name) > LONGEST_NAME or any(unicodedata.category(sign)[0] == "C" for sign in name):
        raise FlowRefused("name_refused", longest=LONGEST_NAME)
    return name


def checked_kinds(kinds: Collection[str]) -> list[str]:
    """Each once; empty for all. Raises FlowRefused("event_unknown")."""
    unknown = sorted(set(kinds) - KINDS)
    if unknown:
        raise FlowRefused("event_unknown", event=unknown[0][:LONGEST_NAME])
    return sorted(set(kinds))
