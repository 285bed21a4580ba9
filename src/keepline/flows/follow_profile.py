"""`profile.followed`: the SM-DP+ tells what a phone did with a profile, and the profile moves.

    T  follow_profile.tell      kept once; the profile under lock goes where the notice leads
    T  follow_profile.refused   not from the SM-DP+: counted, and nothing of it kept

Notices come late, twice, out of order or never (docs/gateways/es2plus.md). One that fits the
profile moves it, and then those that came before it was their turn. One that leads nowhere, or
tells of what was before something that counts already, changes nothing and is kept.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from keepline.accounts import clocks
from keepline.audit import services as audit
from keepline.core.lifecycle.machine import IllegalTransition
from keepline.core.lifecycle.profile import ProfileEvent
from keepline.flows.delivering.elements import carrier_of
from keepline.flows.steps import transaction_step
from keepline.gateways import switchboard
from keepline.gateways.esim.port import DownloadProgress
from keepline.inventory import notices, sims
from keepline.inventory import queries as stock
from keepline.inventory.models import Outcome, Profile, ProfileNotice
from keepline.payments import refused_webhooks

ACTION = "profile.followed"
CALLER = "es2plus"  # among those whose webhooks are counted when they are not believed
ON_A_DEVICE = (
    ProfileEvent.DOWNLOAD,
    ProfileEvent.INSTALL,
    ProfileEvent.ENABLE,
    ProfileEvent.DISABLE,
)
log = structlog.get_logger(__name__)


def of_no_carrier(carrier: str) -> bool:
    """What an SM-DP+ may tell of by which no carrier's own is meant."""
    return carrier == ""


def follow_profile(
    progress: DownloadProgress,
    now: datetime,
    speaks_for: Callable[[str], bool] = of_no_carrier,
) -> Outcome | None:
    """Keeps a notice and moves its profile. None when it was here before: nothing changed.

    A profile that is not in our stock is no error: the SM-DP+ may serve others as well. One of a
    carrier that the caller does not speak for is none of its business: nothing of it is kept.
    """
    seen = stock.sim(Profile, progress.iccid) if switchboard.has_own("smdp_plus") else None
    carrier = carrier_of(seen)
    if not speaks_for(carrier):
        log.warning("profile_notice_of_anothers", carrier=carrier)
        return Outcome.UNKNOWN
    known = switchboard.has_smdp_plus(carrier)
    event = switchboard.smdp_plus(carrier).event_of(progress) if known else None
    with transaction_step("follow_profile.tell"):
        profile = _locked(progress.iccid)
        notice = notices.keep(
            progress.iccid,
            progress.key,
            now,
            line_id=profile.line_id if profile else None,
            point=progress.notification_point_id,
            status=progress.status,
            code=f"{progress.subject_code}/{progress.reason_code}".strip("/"),
            message=progress.message,
            eid=progress.eid or "",
            event=event or "",
            occurred_at=progress.occurred_at,
        )
        if notice is None:
            return None
        if profile is None:
            notices.conclude(notice, Outcome.UNKNOWN)
            log.warning("profile_notice_of_no_profile", point=progress.notification_point_id)
        elif event is not None and profile.line_id is not None:
            _follow(profile, notice, now)
    return Outcome(notice.outcome)


def count_refused(now: datetime) -> None:
    """Somebody called who is not the SM-DP+."""
    with transaction_step("follow_profile.refused"):
        refused_webhooks.count_one(CALLER, now)


def _locked(iccid: str) -> Profile | None:
    try:
        return sims.lock_sim(Profile, iccid)
    except Profile.DoesNotExist:
        return None


def _follow(profile: Profile, notice: ProfileNotice, now: datetime) -> None:
    """Moves the profile by the notice, then by what waited for it."""
    moved_at = notices.last_moved_at(profile)
    if moved_at is not None and notice.occurred_at < moved_at:
        return  # something later counts already
    assert profile.account_id is not None
    at = clocks.now_for(profile.account_id, now)
    if _move(profile, notice, at):
        for waiting in notices.waiting_since(profile, notice.occurred_at):
            _move(profile, waiting, at)


def _move(profile: Profile, notice: ProfileNotice, at: datetime) -> bool:
    event, before = ProfileEvent(notice.event), profile.state
    try:
        sims.change_profile(profile, event, at)
    except IllegalTransition:
        return False
    if notice.eid and event in ON_A_DEVICE:
        sims.note_eid(profile, notice.eid)
    notices.conclude(notice, Outcome.MOVED)
    audit.record(
        ACTION,
        actor="smdp_plus",
        now=at,
        account_id=profile.account_id,
        subject_id=profile.line_id,
        facts={"iccid": profile.iccid, "from": before, "to": profile.state, "code": notice.code},
    )
    if event is ProfileEvent.FAIL:
        log.error("profile_failed", line_id=str(profile.line_id), code=notice.code)
    return True
