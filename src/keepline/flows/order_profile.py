"""`profile.ordered`: the SM-DP+ sets a profile aside for a line, and lets phones download it.

    N  order_profile.reserve     ES2+ DownloadOrder
    T  order_profile.reserved    held becomes allocated: the profile is the line's
    N  order_profile.confirm     ES2+ ConfirmOrder with our own matching id, released at once
    T  order_profile.confirmed   allocated becomes released; the activation code is kept
    N  order_profile.cancel      ES2+ CancelOrder
    T  order_profile.cancelled   it is available again, or laid aside when the SM-DP+ refuses
    T  order_profile.given_up    one that was replaced before anybody downloaded it is laid aside

Every call carries an id that follows from the order, so that a call without an answer is made again
as the same call. docs/gateways/es2plus.md says how the second answer is read. A profile that came
into stock with its activation code needs none of this.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from keepline.core.ids import derived_id
from keepline.core.lifecycle.profile import ProfileEvent, ProfileState
from keepline.core.retries import doubled
from keepline.flows.delivering.elements import carrier_of
from keepline.flows.delivering.outcomes import Impossible, NotYet
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.esim.port import (
    CancelRequest,
    Confirmed,
    ConfirmRequest,
    Done,
    DownloadRequest,
    EsimUnknown,
    FinalStatus,
    Refused,
    Reserved,
)
from keepline.inventory import queries as stock
from keepline.inventory import sims
from keepline.inventory.models import Profile
from keepline.inventory.services import CardTaken, Moved
from keepline.orders import services as orders
from keepline.orders.models import Order

ACTION = "profile.ordered"
ORDERED = (ProfileState.ALLOCATED, ProfileState.LINKED, ProfileState.CONFIRMED)
CANCELLABLE = (*ORDERED, ProfileState.RELEASED)
# After a silence these say that the first call was carried out.
DONE_BEFORE = {
    "reserve": frozenset({"in_use"}),
    "confirm": frozenset({"wrong_state", "matching_id_taken", "in_use"}),
}
# Stock and SM-DP+ tell different things of the profile: nobody else shall buy it.
LAY_ASIDE = frozenset(
    f"smdp_{kind}" for kind in ("profile_unknown", "in_use", "wrong_state", "not_allowed")
)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=5)

log = structlog.get_logger(__name__)


def order(seen: Order, line_id: UUID, now: datetime) -> None:
    """Brings the order's profile to `released`, from wherever an earlier try left it.

    Raises NotYet and Impossible.
    """
    profile = _profile(seen)
    if profile.line_id != line_id:  # the order ended meanwhile, and it may be another's
        raise NotYet
    if profile.state == ProfileState.HELD and not profile.matching_id:
        _reserve(seen, profile, line_id, now)
        profile = _profile(seen)
    if profile.state in ORDERED:
        _confirm(seen, profile, now)


def _reserve(seen: Order, profile: Profile, line_id: UUID, now: datetime) -> None:
    eid = (seen.stock or {}).get("eid")
    request = DownloadRequest(_call(seen, "reserve"), iccid=profile.iccid, eid=eid)
    carrier = carrier_of(profile)
    try:
        with network_step("order_profile.reserve"):
            answer: Reserved | Refused = switchboard.smdp_plus(carrier).order_download(request)
    except EsimUnknown:
        raise NotYet from None
    _demand(seen, "reserve", answer)
    event = ProfileEvent.LINK if eid else ProfileEvent.ALLOCATE
    try:
        with transaction_step("order_profile.reserved"):
            sims.assign_profile(profile.iccid, seen.account_id, line_id, event, now, eid or "")
    except (CardTaken, Moved):  # another worker was faster
        raise NotYet from None


def _confirm(seen: Order, profile: Profile, now: datetime) -> None:
    matching_id = (seen.stock or {})["matching_id"]
    request = ConfirmRequest(
        _call(seen, "confirm"),
        iccid=profile.iccid,
        release=True,
        matching_id=matching_id,
        eid=profile.eid or None,
    )
    smdp = switchboard.smdp_plus(carrier_of(profile))
    try:
        with network_step("order_profile.confirm"):
            answer: Confirmed | Refused = smdp.confirm(request)
    except EsimUnknown:
        raise NotYet from None
    _demand(seen, "confirm", answer)
    address = profile.smdp_address or smdp.default_address
    if isinstance(answer, Confirmed):
        matching_id, address = answer.matching_id, answer.smdp_address or address
    with transaction_step("order_profile.confirmed"):
        locked = sims.lock_sim(Profile, profile.iccid)
        if locked.state not in ORDERED or locked.line_id != seen.line_id:
            raise NotYet
        sims.change_profile(locked, ProfileEvent.RELEASE, now)
        sims.note_activation(locked, address, matching_id)


def take_back(seen: Order, now: datetime) -> bool:
    """The SM-DP+ forgets an order that ended without service.

    False: it did not answer, or said no for now; the next look is planned.
    """
    profile = _profile(seen)
    if profile.line_id != seen.line_id:  # back on the shelf by an earlier try, or another's by now
        return True
    ordered = profile.state in CANCELLABLE
    if not ordered and (profile.state != ProfileState.HELD or profile.matching_id):
        return True
    if not switchboard.has_smdp_plus(carrier_of(profile)):
        return not ordered
    answer = _cancel(seen, profile, "Available", now)
    if answer is None:
        return False
    refused = answer.code if isinstance(answer, Refused) else ""
    aside = refused or seen.failure_code in LAY_ASIDE
    with transaction_step("order_profile.cancelled"):
        locked = sims.lock_sim(Profile, profile.iccid)
        if locked.state in CANCELLABLE and locked.line_id == seen.line_id:
            event = ProfileEvent.RETIRE if aside else ProfileEvent.CANCEL
            sims.change_profile(locked, event, now)
    if refused and ordered:
        log.error("profile_laid_aside", iccid=profile.iccid, code=refused)
    return True


def give_up(seen: Order, now: datetime) -> bool:
    """The SM-DP+ lets nobody download the profile that the order has replaced.

    Whatever it says, nobody gets it again: one that it will not take back was downloaded after all,
    or is none of its own. False: it did not answer, or said no for now; the next look is planned.
    """
    iccid = (seen.stock or {}).get("unused")
    profile = iccid and stock.sim(Profile, iccid)
    if not profile or profile.state != ProfileState.RELEASED or profile.line_id != seen.line_id:
        return True
    refused = ""
    if switchboard.has_smdp_plus(carrier_of(profile)):
        answer = _cancel(seen, profile, "Unavailable", now)
        if answer is None:
            return False
        refused = answer.code if isinstance(answer, Refused) else ""
    with transaction_step("order_profile.given_up"):
        locked = sims.lock_sim(Profile, profile.iccid)
        if locked.state == ProfileState.RELEASED and locked.line_id == seen.line_id:
            sims.change_profile(locked, ProfileEvent.RETIRE, now)
    if refused:
        log.warning("profile_not_taken_back", iccid=profile.iccid, code=refused)
    return True


def _cancel(
    seen: Order, profile: Profile, final_status: FinalStatus, now: datetime
) -> Done | Refused | None:
    """What the SM-DP+ says for good; None when the next look is planned."""
    request = CancelRequest(
        _call(seen, "cancel"),
        iccid=profile.iccid,
        final_status=final_status,
        matching_id=profile.matching_id or None,
        eid=profile.eid or None,
    )
    carrier = carrier_of(profile)
    try:
        with network_step("order_profile.cancel"):
            answer: Done | Refused = switchboard.smdp_plus(carrier).cancel(request)
    except EsimUnknown:
        _later(seen, now)
        return None
    if isinstance(answer, Refused) and answer.temporary:
        _ask_anew(seen)
        _later(seen, now)
        return None
    return answer


def _later(seen: Order, now: datetime) -> None:
    orders.look_later(seen, now + doubled(FIRST_PAUSE, seen.attempts, LONGEST_PAUSE))


def _demand(seen: Order, step: str, answer: object) -> None:
    """Raises NotYet or Impossible for an answer that is a no."""
    if not isinstance(answer, Refused):
        return
    asked_before = seen.attempts > 1  # claimed before this time: that call may have come there
    if asked_before and answer.kind in DONE_BEFORE[step]:
        return
    if answer.temporary:
        _ask_anew(seen)
        raise NotYet
    raise Impossible(f"smdp_{answer.kind}")


def _ask_anew(seen: Order) -> None:
    """A no for now was an answer: what is asked next is another call."""
    with transaction_step("order_profile.refused_for_now"):
        orders.count_call(seen)


def _call(seen: Order, step: str) -> UUID:
    """The call's id: another one only after an answer that was a no for now."""
    return derived_id(seen.id, f"es2plus:{step}:{(seen.stock or {}).get('calls', 0)}")


def _profile(seen: Order) -> Profile:
    found = stock.sim(Profile, (seen.stock or {})["profile"])
    assert found is not None, f"order {seen.id} is for a profile that is not in stock"
    return found
