"""`identity.lapsed`: identity checks are asked after until they have a result, and then forgotten.

    N  follow_checks.ask        how a check stands at the provider
    T  follow_checks.followed   it has its result, or has taken too long, or is looked at again
    T  follow_checks.forget     what came to nothing long ago is erased, and what is of closed
                                accounts

The provider tells by itself as well (check_identity.hear); whoever comes first writes. While it
says nothing that we know, nothing is done, for a fortnight: then the check has expired.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings

from keepline.accounts import identity
from keepline.accounts.models import IdentityCheck
from keepline.core.lifecycle.identity_check import IdentityState
from keepline.core.retries import doubled
from keepline.flows import wake
from keepline.flows.check_identity import may_lead_to
from keepline.flows.identifying.settling import settle
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.identity.port import DECIDED, Check, IdentityUnknown

ACTION = "identity.lapsed"
BATCH = 100
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=2), timedelta(hours=1)
SILENT_FOR = timedelta(days=7)  # after the check's own time

log = structlog.get_logger(__name__)


def follow(now: datetime) -> int:
    """Looks at each check that is due; how many. `now` is real time. Safe to repeat, side by side.

    What fails alone does not keep the others.
    """
    due = identity.due(now, BATCH)
    for row in due:
        try:
            _look_at(row, now)
        except Exception:
            log.exception("identity_check_failed", check=str(row.id))
    return len(due)


def look(check_id: UUID, now: datetime) -> str:
    """A browser is back from the provider, which is asked at once where the check is pending.

    The address of the partner to which it is led on; "" for our own page. It is not believed that
    this is the holder: nothing else is said.
    """
    row = identity.by_id(check_id)
    if row is None:
        return ""
    if row.state == IdentityState.PENDING:
        _look_at(row, now)
    return str(row.return_url) if may_lead_to(row.return_url) else ""


def forget(now: datetime) -> int:
    """Erases what need not be known any more; how many checks."""
    with transaction_step("follow_checks.forget"):
        return identity.forget(now - timedelta(days=settings.ENV.identity_days))


def _look_at(row: IdentityCheck, now: datetime) -> None:
    found: Check | None = None
    try:
        with network_step("follow_checks.ask"):
            found = switchboard.identity().ask(row.id)
    except IdentityUnknown as silence:
        log.warning("identity_provider_silent", reason=str(silence))
    with transaction_step("follow_checks.followed"):
        locked = identity.lock(row.id)
        if locked is not None and locked.state == IdentityState.PENDING:
            _follow(locked, found, now)
    wake.outbox()


def _follow(row: IdentityCheck, found: Check | None, now: datetime) -> None:
    if found is not None and found.result in DECIDED:
        settle(row, found, now)
        return
    if now >= row.expires_at + (timedelta() if found is not None else SILENT_FOR):
        settle(row, Check(row.id, "expired"), now)
        return
    pause = doubled(FIRST_PAUSE, row.attempts, LONGEST_PAUSE)
    next_look = min(now + pause, max(row.expires_at, now + FIRST_PAUSE))
    identity.note(row, next_look_at=next_look, attempts=min(row.attempts + 1, 1000))
