"""What the SM-DP+ told of profiles: kept once each, with what became of it.

Rows lie beside their profile, in the slot of its ICCID. Written under the profile's lock.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from keepline.inventory.models import Outcome, Profile, ProfileNotice
from keepline.inventory.naming import slot_of_iccid
from keepline.slots.ids import new_id
from keepline.slots.sql import execute

FORGET = """
UPDATE inventory_profilenotice SET eid = '', message = ''
WHERE slot BETWEEN 0 AND 255 AND received_at < %s AND (eid <> '' OR message <> '')
"""


def keep(iccid: str, key: str, now: datetime, **said: object) -> ProfileNotice | None:
    """Keeps a notice; None when the same one, by its key, was kept before.

    `said`: point, status, code, message, eid, event, occurred_at and line_id of the model.
    """
    slot = slot_of_iccid(iccid)
    kept, fresh = ProfileNotice.objects.get_or_create(
        slot=slot,
        key=key,
        defaults={"id": new_id(slot), "iccid": iccid, "received_at": now, **said},
    )
    return kept if fresh else None


def conclude(notice: ProfileNotice, outcome: Outcome) -> None:
    """Writes what became of a notice."""
    rows = ProfileNotice.objects.filter(slot=notice.slot, id=notice.id)
    rows.update(outcome=outcome)
    notice.outcome = outcome


def last_moved_at(profile: Profile) -> datetime | None:
    """When that happened by which the profile moved last, on the line that it is on now."""
    rows = _of(profile).filter(outcome=Outcome.MOVED).order_by("-occurred_at")
    found: datetime | None = rows.values_list("occurred_at", flat=True).first()
    return found


def waiting_since(profile: Profile, occurred_at: datetime) -> Sequence[ProfileNotice]:
    """What came too early to move the profile, in the order in which it happened."""
    rows = _of(profile).filter(outcome=Outcome.KEPT, occurred_at__gte=occurred_at)
    return list(rows.exclude(event="").order_by("occurred_at", "id"))


def notices_of(iccid: str, line_id: UUID) -> Sequence[ProfileNotice]:
    """What was told of a profile while it was this line's, the first to happen first."""
    rows = ProfileNotice.objects.filter(slot=slot_of_iccid(iccid), iccid=iccid, line_id=line_id)
    return list(rows.order_by("occurred_at", "id"))


def forget(before: datetime) -> int:
    """Devices and sentences told before that instant are erased; what happened is kept."""
    return execute(FORGET, (before,))


def _of(profile: Profile) -> QuerySet[ProfileNotice]:
    rows: QuerySet[ProfileNotice] = ProfileNotice.objects.filter(
        slot=profile.slot, iccid=profile.iccid, line_id=profile.line_id
    )
    return rows
