"""Identity checks of accounts: read, begun, ended, forgotten."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from keepline.accounts.models import Account, IdentityCheck
from keepline.core.ids import slot_of
from keepline.core.lifecycle.identity_check import IDENTITY_CHECK, IdentityEvent, IdentityState
from keepline.slots.ids import new_id

OPEN_FOR = timedelta(days=7)


class Moved(Exception):
    """Somebody else moved the row since it was read; nothing has changed."""


def last_of(account_id: UUID) -> IdentityCheck | None:
    """The account's last check; None: it was never asked. One query."""
    found: IdentityCheck | None = _of(account_id).order_by("-id").first()
    return found


def by_id(check_id: UUID) -> IdentityCheck | None:
    """A check; None when there is none. One query."""
    found: IdentityCheck | None = IdentityCheck.objects.find(check_id)
    return found


def is_verified(account_id: UUID) -> bool:
    """Whether its holder has shown who they are. One query."""
    return bool(_of(account_id).filter(state=IdentityState.VERIFIED).exists())


def begun_since(account_id: UUID, since: datetime) -> list[datetime]:
    """When checks were begun, the first first. One query."""
    rows = _of(account_id).filter(asked_at__gt=since).order_by("asked_at")
    return list(rows.values_list("asked_at", flat=True))


def lock_account(account_id: UUID) -> None:
    """Whoever begins a check of it, or claims it, is alone. Raises Account.DoesNotExist."""
    Account.objects.select_for_update(no_key=True).get(slot=slot_of(account_id), id=account_id)


def begin(
    account_id: UUID,
    provider: str,
    actor: str,
    now: datetime,
    first_look_at: datetime,
    *,
    return_url: str = "",
) -> IdentityCheck:
    """A check that is pending. The caller has locked the account, and none is open."""
    slot = slot_of(account_id)
    made: IdentityCheck = IdentityCheck.objects.create(
        slot=slot,
        id=new_id(slot),
        account_id=account_id,
        provider=provider,
        actor=actor,
        return_url=return_url,
        asked_at=now,
        expires_at=now + OPEN_FOR,
        next_look_at=first_look_at,
    )
    return made


def lock(check_id: UUID) -> IdentityCheck | None:
    """A check under lock; None when there is none."""
    rows = IdentityCheck.objects.select_for_update(no_key=True)
    found: IdentityCheck | None = rows.find(check_id)
    return found


def due(now: datetime, limit: int) -> Sequence[IdentityCheck]:
    """Those of which the provider is to be asked, the longest due first. `now`: real time."""
    rows = IdentityCheck.objects.filter(next_look_at__lte=now).order_by("next_look_at", "id")
    return list(rows[:limit])


def transition(row: IdentityCheck, event: IdentityEvent, now: datetime, **columns: object) -> None:
    """Moves a locked row by `event`. Raises core's IllegalTransition, or Moved."""
    target = IDENTITY_CHECK.next(IdentityState(row.state), event)
    if not row.transition(target, ended_at=now, next_look_at=None, **columns):
        raise Moved(event)


def note(row: IdentityCheck, **columns: object) -> None:
    """What is not its state."""
    IdentityCheck.objects.filter(slot=row.slot, id=row.id).update(**columns)


def forget(ended_before: datetime) -> int:
    """Erases what came to nothing and is old, and all of accounts that are closed. How many."""
    old = IdentityCheck.objects.exclude(state=IdentityState.VERIFIED)
    erased, _ = old.filter(ended_at__lt=ended_before).delete()
    whose = Account.objects.filter(slot=OuterRef("slot"), id=OuterRef("account_id"))
    gone = IdentityCheck.objects.filter(Exists(whose.filter(closed_at__isnull=False)))
    of_closed, _ = gone.delete()
    return int(erased + of_closed)


def _of(account_id: UUID) -> QuerySet[IdentityCheck]:
    found: QuerySet[IdentityCheck] = IdentityCheck.objects.filter(
        slot=slot_of(account_id), account_id=account_id
    )
    return found
