"""Writes of what a line is called at the network, and of the lock against changing that.

The caller holds the line's lock. All of it runs in the caller's transaction.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from keepline.core.ids import slot_of
from keepline.lines.services import LockedLine, StateMoved
from keepline.slots.sql import execute, fetch_one


class TransferLock(NamedTuple):
    """Whether a line's holder wants its number and SIM to stay as they are.

    `unlocks_at`: it was opened again, which holds from then on; null: it was not.
    """

    transfer_lock: bool
    unlocks_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it stands against a change at this instant."""
        return self.transfer_lock and (self.unlocks_at is None or now < self.unlocks_at)


OPEN = TransferLock(transfer_lock=False, unlocks_at=None)


def change_number(line: LockedLine, e164: int) -> None:
    """The line bears another number from now on. Raises StateMoved when it does already."""
    changed = execute(
        "UPDATE lines_line SET e164 = %s WHERE slot = %s AND id = %s"
        " AND e164 IS NOT DISTINCT FROM %s",
        (e164, slot_of(line.id), line.id, line.e164),
    )
    if changed != 1:
        raise StateMoved(line.id)


def change_sim(line: LockedLine, iccid: str) -> None:
    """The line is on another SIM from now on. Raises StateMoved when it is on another already."""
    changed = execute(
        "UPDATE lines_line SET iccid = %s WHERE slot = %s AND id = %s"
        " AND iccid IS NOT DISTINCT FROM %s",
        (iccid, slot_of(line.id), line.id, line.iccid),
    )
    if changed != 1:
        raise StateMoved(line.id)


def change_carrier(line: LockedLine, carrier_id: int) -> None:
    """The line is on another carrier from now on."""
    execute(
        "UPDATE lines_line SET carrier_id = %s WHERE slot = %s AND id = %s",
        (carrier_id, slot_of(line.id), line.id),
    )


def transfer_lock_of(line_id: UUID, account_id: UUID) -> TransferLock:
    """The line's lock; open for another account's line."""
    row = fetch_one(
        "SELECT transfer_lock, unlocks_at FROM lines_line"
        " WHERE slot = %s AND id = %s AND account_id = %s",
        (slot_of(account_id), line_id, account_id),
    )
    return TransferLock(*row) if row else OPEN


def set_transfer_lock(line: LockedLine, lock: TransferLock) -> None:
    """Locks the line against another number or SIM, or says from when on it is open."""
    execute(
        "UPDATE lines_line SET transfer_lock = %s, unlocks_at = %s WHERE slot = %s AND id = %s",
        (lock.transfer_lock, lock.unlocks_at, slot_of(line.id), line.id),
    )
