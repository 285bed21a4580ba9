"""`profile.reissued`: a line's eSIM goes to another phone, as a new profile and free of charge.

    start    T  key, the new profile (held), line, wallet; the order, without a fee
    (deliver_order with flows.delivering.swapping: the new profile is ordered, the network takes the
    number from the old SIM and gives it to the new one; then the new one is the line's)

The new profile is in before the old one goes; whatever fails leaves the old one working. How often
within a year says KEEPLINE_ESIM_REISSUES_PER_YEAR (docs/numbers.md).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from keepline.flows import changing, swap_sim, wake
from keepline.flows.errors import FlowRefused
from keepline.flows.paying import StartedOrder, refusals, replay
from keepline.flows.steps import transaction_step
from keepline.flows.swap_sim import SimSwapRequest
from keepline.inventory import queries as stock
from keepline.inventory.models import StockKind
from keepline.lines.services import LockedLine
from keepline.orders import queries as order_queries

ACTION = "profile.reissued"
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Reissues:
    """How often a line's eSIM may still be re-issued. `again_at`: when once more, None while it may
    be now or never. `under_way`: one is being prepared."""

    left: int
    again_at: datetime | None
    under_way: bool


def reissues_of(line_id: UUID, account_id: UUID, now: datetime) -> Reissues:
    """One query."""
    past = order_queries.reissues_since(line_id, account_id, now - YEAR)
    limit: int = settings.ENV.esim_reissues_per_year
    left = max(0, limit - len(past))
    again_at = past[-limit].accepted_at + YEAR if limit and not left else None
    return Reissues(left, again_at, any(each.completed_at is None for each in past))


def start(request: SimSwapRequest, now: datetime) -> StartedOrder:
    """Accepts a re-issue, once for its key. Raises FlowRefused and then has changed nothing."""
    with refusals(), transaction_step("reissue_profile.start"):
        started = _start(request, now)
    if started.first:
        wake.orders()
    return started


def _start(request: SimSwapRequest, now: datetime) -> StartedOrder:
    claim = changing.claim(request, "reissue_profile", request.digest(request.eid), now)
    if not claim.first:
        return replay(claim.order_id)
    return swap_sim.accept(
        request, claim.order_id, lambda line: _demand(request, line, now), now, reissue=True
    )


def _demand(request: SimSwapRequest, line: LockedLine, now: datetime) -> None:
    if line.iccid is None or stock.kind_of(line.iccid) != StockKind.PROFILE:
        raise FlowRefused("not_found")
    swap_sim.demand(line, now, request.sim)
    reissues = reissues_of(line.id, request.account_id, now)
    if not reissues.left:
        raise FlowRefused("reissue_limit", again_at=reissues.again_at)
