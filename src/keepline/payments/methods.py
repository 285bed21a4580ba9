"""Saved methods: reads and writes. A state is written by `transition` alone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from keepline.core.ids import slot_of, slots_of
from keepline.core.lifecycle.method import METHOD, MethodEvent, MethodState
from keepline.payments.models import SavedMethod
from keepline.slots.ids import new_id
from keepline.slots.sql import fetch_all

LEASE = timedelta(minutes=1)  # a worker that dies keeps a method from the others this long


class MethodNotFound(Exception):
    """No such saved method in this account."""


class MethodMoved(Exception):
    """The saved method left the state the caller decided on."""


@dataclass(frozen=True, slots=True)
class MethodFacts:
    """What pages and letters say of a saved method. `expires_on`: the last day it works."""

    id: UUID
    account_id: UUID
    provider: str
    state: MethodState
    kind: str
    label: str
    expires_on: date | None

    @property
    def usable(self) -> bool:
        """Whether it may be charged."""
        return self.state is MethodState.STORED

    def ends_before(self, at: datetime | None) -> bool:
        """Whether it expires before `at`. Its last day is that of its bank, so a day more."""
        if self.expires_on is None or at is None:
            return False
        return at.date() > self.expires_on + timedelta(days=1)


def begin(account_id: UUID, provider: str, now: datetime, look_at: datetime) -> SavedMethod:
    """A method that is about to be given to the provider; looked at again at `look_at`."""
    slot = slot_of(account_id)
    method = SavedMethod(
        slot=slot,
        id=new_id(slot),
        account_id=account_id,
        provider=provider,
        begun_at=now,
        next_action_at=look_at,
    )
    method.save(force_insert=True)
    return method


def lock(method_id: UUID, account_id: UUID) -> SavedMethod:
    """The account's method under lock. Raises MethodNotFound."""
    found = (
        SavedMethod.objects.select_for_update(no_key=True)
        .filter(slot=slot_of(account_id), id=method_id, account_id=account_id)
        .first()
    )
    if found is None:
        raise MethodNotFound(method_id)
    return found


def read(method_id: UUID, account_id: UUID) -> SavedMethod:
    """The same without the lock. Raises MethodNotFound."""
    slot = slot_of(account_id)
    found = SavedMethod.objects.filter(slot=slot, id=method_id, account_id=account_id).first()
    if found is None:
        raise MethodNotFound(method_id)
    return found


def transition(method: SavedMethod, event: MethodEvent, **columns: Any) -> MethodState:
    """Moves a method by `event`, compare and set, with the columns that change along."""
    target = MethodState(METHOD.next(MethodState(method.state), event))
    if not method.transition(target, **columns):
        raise MethodMoved(method.id)
    return target


def name_page(method: SavedMethod, provider_storing_id: str | None, checkout_url: str) -> None:
    """Keeps where the holder gives it, and the provider's id of that page."""
    SavedMethod.objects.filter(slot=method.slot, id=method.id).update(
        provider_storing_id=provider_storing_id, checkout_url=checkout_url
    )
    method.provider_storing_id, method.checkout_url = provider_storing_id, checkout_url


def look_later(method: SavedMethod, at: datetime) -> None:
    """Looked at again at `at`, unless it has moved since."""
    SavedMethod.objects.filter(slot=method.slot, id=method.id, state=method.state).update(
        next_action_at=at, attempts=method.attempts + 1
    )


SELECT = "SELECT id, account_id, provider, state, kind, label, expires_on FROM payments_savedmethod"
SHOWN = [MethodState.STORED.value, MethodState.REFUSED.value]


def methods_of(account_id: UUID) -> list[MethodFacts]:
    """The account's methods, the newest first; those that will not be charged any more too."""
    rows = fetch_all(
        SELECT + " WHERE slot = %s AND account_id = %s AND state = ANY(%s) ORDER BY id DESC",
        (slot_of(account_id), account_id, SHOWN),
    )
    return [_facts(row) for row in rows]


def methods_among(method_ids: Collection[UUID]) -> dict[UUID, MethodFacts]:
    """Methods by id, of any accounts."""
    if not method_ids:
        return {}
    slots = slots_of(method_ids)
    rows = fetch_all(SELECT + " WHERE slot = ANY(%s) AND id = ANY(%s)", (slots, list(method_ids)))
    return {row.id: _facts(row) for row in rows}


def _facts(row: Any) -> MethodFacts:
    return MethodFacts(**{**row._asdict(), "state": MethodState(row.state)})


CLAIM_DUE = """
WITH due AS (
  SELECT slot, id FROM payments_savedmethod
  WHERE next_action_at <= %(now)s
  ORDER BY next_action_at LIMIT %(limit)s
  FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE payments_savedmethod m SET next_action_at = %(leased_until)s
FROM due
WHERE m.slot = due.slot AND m.id = due.id
RETURNING m.id, m.account_id
"""


def claim_due(now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Takes methods to be looked at now for one worker: id and account.

    What it does not finish comes back after LEASE, behind those that were due before.
    """
    params = {"now": now, "limit": limit, "leased_until": now + LEASE}
    with transaction.atomic():
        return [(row.id, row.account_id) for row in fetch_all(CLAIM_DUE, params)]
