"""What staff do in stories of refunds."""

from dataclasses import replace
from typing import Any

from keepline.core.refunds import Destination, Scope, Wish
from keepline.flows.decide_refund import Decision, decide_refund
from keepline.flows.refund_order import RefundRequest, ask
from keepline.payments import limits
from keepline.payments.models import Refund
from tests.crash.world import World


def ask_back(world: World) -> None:
    """One person gives the whole of the order back."""
    wish = Wish(Scope.WHOLE, Destination.METHOD)
    ask(RefundRequest(world.order().id, wish, "by mistake", world.key, "staff:1"), world.now())


def ask_for_a_second_person(world: World) -> None:
    """The same where nobody may alone."""
    limits.put_in_force(replace(limits.shipped(), refunds={"default": 0}))
    try:
        ask_back(world)
    finally:
        limits.put_in_force(None)


def allow(world: World) -> None:
    """A second person says yes."""
    _decide(world, allowed=True)


def reject(world: World) -> None:
    """A second person says no."""
    _decide(world, allowed=False)


def _decide(world: World, allowed: bool) -> None:
    refund: Any = Refund.objects.get(account_id=world.cast.account.id)
    decide_refund(Decision(refund.id, allowed, "no", "staff:2"), world.now())
