"""The pieces of stock that an order holds: under lock, given to its line, back on the shelf.

But for `told_back`, all of it runs in the caller's transaction.
"""

from datetime import datetime, timedelta
from uuid import UUID

from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.profile import ProfileEvent, ProfileState
from keepline.flows import order_profile
from keepline.inventory import holding, queries, services, sims
from keepline.inventory.models import Card, Number, Profile
from keepline.orders import services as orders
from keepline.orders.models import Order

# A call that began before the promise passed has ended by then, and what it did was put back.
CALLS_END_WITHIN = timedelta(minutes=5)


def lock_held(order: Order) -> None:
    """The number, then the card or profile. One that was to come along may be forgotten by now."""
    held = order.stock or {}
    if "brought" in held:
        services.lock_known(held["number"])
    elif "number" in held:
        services.lock_number(held["number"])
    if "card" in held:
        sims.lock_sim(Card, held["card"])
    if "profile" in held:
        sims.lock_sim(Profile, held["profile"])


def assign_sims(order: Order, line_id: UUID, now: datetime) -> None:
    """The held card or profile is the line's; one that was ordered at the SM-DP+ is already."""
    held = order.stock or {}
    if "card" in held:
        sims.assign_card(held["card"], order.account_id, line_id, now)
    if "profile" in held:
        profile = queries.sim(Profile, held["profile"])
        if profile is not None and profile.state == ProfileState.HELD:  # its code came with it
            event = ProfileEvent.RELEASE
            sims.assign_profile(profile.iccid, order.account_id, line_id, event, now)


def told_back(order: Order, now: datetime) -> bool:
    """Nobody outside has the stock any more: no call is under way, the SM-DP+ took it back."""
    if order.state == OrderState.WITHDRAWN and order.completed_at is not None:
        settled_at = order.completed_at + CALLS_END_WITHIN
        if now < settled_at:
            orders.look_later(order, settled_at)
            return False
    return "profile" not in (order.stock or {}) or order_profile.take_back(order, now)


def put_back(order: Order, now: datetime) -> None:
    """Free for the next buyer; a profile of which the SM-DP+ tells other things is laid aside."""
    held = order.stock or {}
    whose = order.account_id, order.line_id
    if "number" in held:
        holding.unhold(Number, held["number"], *whose, now)
    if "card" in held:
        holding.unhold(Card, held["card"], *whose, now)
    free = "profile" in held and holding.unhold(Profile, held["profile"], *whose, now)
    if free and order.failure_code in order_profile.LAY_ASIDE:
        profile = sims.lock_sim(Profile, held["profile"])
        sims.change_profile(profile, ProfileEvent.RETIRE, now)
