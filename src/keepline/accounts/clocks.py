"""Test clocks: which account lives by one, what it shows, and how it is moved.

There are none in production: nothing is asked of the database for them then.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import OperationalError

from keepline.accounts.models import Account, TestClock
from keepline.core.ids import slot_of
from keepline.slots.sql import fetch_all, fetch_one

REAL = 0
LONGEST_NAME = 60
LOCK_KIND = 1_262_703_435  # "KCLK" in ASCII: the first half of the advisory lock's key


class ClockRefused(Exception):
    """What was asked of a test clock cannot be; the sentence says why. Nothing was changed."""


def refuse_in_production() -> None:
    """Raises ClockRefused where real holders live."""
    if settings.PRODUCTION:
        raise ClockRefused(
            "There are no test clocks in production: here only real time passes. "
            "Use an installation with KEEPLINE_MODE=demo or test."
        )


def rows_of(row: str, clock_id: int) -> str:
    """SQL: the row `row` (an alias with slot and account_id) lives by this clock.

    Rows of orders and messages carry no clock of their own: those that are due are few, and a
    subquery through a partial index (which is empty where nobody uses test clocks) costs them
    less than one more column costs every writer. In production nothing is asked at all.
    A test clock's id is the parameter `clock`.
    """
    own = f"SELECT FROM accounts_account a WHERE a.slot = {row}.slot AND a.id = {row}.account_id"
    if clock_id != REAL:
        return f"EXISTS ({own} AND a.clock_id = %(clock)s AND a.clock_id <> 0)"
    return "true" if settings.PRODUCTION else f"NOT EXISTS ({own} AND a.clock_id <> 0)"


NOW_AT = """
SELECT c.now_at FROM accounts_account a JOIN accounts_testclock c ON c.id = a.clock_id
WHERE a.slot = %s AND a.id = %s AND a.clock_id <> 0
"""


def now_for(account_id: UUID, now: datetime) -> datetime:
    """What time it is for the account: its test clock's, or `now`."""
    if settings.PRODUCTION:
        return now
    row = fetch_one(NOW_AT, (slot_of(account_id), account_id))
    return row.now_at if row else now


def all_clocks() -> list[TestClock]:
    """Every test clock by name; none in production."""
    return [] if settings.PRODUCTION else list(TestClock.objects.order_by("name"))


def clock(name: str) -> TestClock:
    """Raises ClockRefused when there is none of that name."""
    found = TestClock.objects.filter(name=name).first()
    if found is None:
        raise ClockRefused(f"There is no test clock {name!r}; `keepline clock list` shows all.")
    return found


def shows(clock_id: int) -> datetime:
    """What the clock shows. Raises TestClock.DoesNotExist."""
    return TestClock.objects.values_list("now_at", flat=True).get(pk=clock_id)


def accounts_by(clock_id: int) -> list[UUID]:
    """The accounts that live by the clock."""
    return list(Account.objects.filter(clock_id=clock_id).values_list("id", flat=True))


def accounts_by_any() -> list[UUID]:
    """The accounts that live by some test clock."""
    if settings.PRODUCTION:
        return []
    rows = fetch_all("SELECT id FROM accounts_account WHERE clock_id <> 0")
    return [row.id for row in rows]


def how_many_accounts() -> dict[int, int]:
    """Accounts by clock."""
    rows = fetch_all(
        "SELECT clock_id, count(*) AS n FROM accounts_account WHERE clock_id <> 0 GROUP BY clock_id"
    )
    return {row.clock_id: row.n for row in rows}


def clock_of_new_line(account_id: UUID) -> int:
    """By which clock a line that is being opened lives, in the caller's transaction.

    The account's row is locked for sharing, so that it is not attached to a clock meanwhile.
    """
    if settings.PRODUCTION:
        return REAL
    row = fetch_one(
        "SELECT clock_id FROM accounts_account WHERE slot = %s AND id = %s FOR SHARE",
        (slot_of(account_id), account_id),
    )
    return int(row.clock_id) if row else REAL


def create(name: str, shown_at: datetime, now: datetime) -> TestClock:
    """A clock that stands still at `shown_at`. Raises IntegrityError for a name that is taken."""
    return TestClock.objects.create(name=name, now_at=shown_at, created_at=now)


def lock_clock(clock_id: int) -> TestClock:
    """The clock's row under lock."""
    return TestClock.objects.select_for_update(no_key=True).get(pk=clock_id)


def lock_account(account_id: UUID) -> Account:
    """The account's row under lock: no line is opened for it meanwhile."""
    rows = Account.objects.select_for_update(no_key=True)
    found: Account = rows.get(slot=slot_of(account_id), id=account_id)
    return found


def attach(account: Account, clock_id: int) -> None:
    """The account lives by the clock from now on; its lines are told by lines.services."""
    Account.objects.filter(slot=account.slot, id=account.id).update(clock_id=clock_id)


def move(locked: TestClock, to_at: datetime) -> None:
    """Moves a clock under lock; never backwards."""
    assert to_at >= locked.now_at, "time goes one way"
    TestClock.objects.filter(pk=locked.pk).update(now_at=to_at)


@contextmanager
def alone(locked: TestClock) -> Iterator[None]:
    """This session alone moves the clock, and nobody works for its accounts meanwhile.

    Waits for others as long as for any lock, then raises ClockRefused. The end of the session, by
    whatever cause, sets the clock free.
    """
    try:
        fetch_one("SELECT pg_advisory_lock(%s, %s)", (LOCK_KIND, locked.pk))
    except OperationalError as error:
        raise ClockRefused(
            f"Another process moves the test clock {locked.name!r}; wait until it is done."
        ) from error
    try:
        yield
    finally:
        fetch_one("SELECT pg_advisory_unlock(%s, %s)", (LOCK_KIND, locked.pk))


@contextmanager
def at_rest(clock_id: int) -> Iterator[datetime | None]:
    """What the clock shows, and it stands still meanwhile; None while somebody moves it.

    Workers work for a clock's accounts only so: whoever moves it does that work as well, and must
    not run ahead of what another has in hand.
    """
    mine = fetch_one("SELECT pg_try_advisory_lock_shared(%s, %s) AS got", (LOCK_KIND, clock_id))
    if mine is None or not mine.got:
        yield None
        return
    try:
        yield shows(clock_id)
    finally:
        fetch_one("SELECT pg_advisory_unlock_shared(%s, %s)", (LOCK_KIND, clock_id))
