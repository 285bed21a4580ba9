"""What tests of purchases share: a buyer, stock, and what must be there after a purchase failed."""

from typing import Any

from keepline.flows import buy_line
from keepline.flows.show_lines import show_lines
from keepline.inventory.models import CardHolding, Number, OwnershipPeriod, Profile
from keepline.lines.models import Extension
from keepline.orders.models import Order
from tests.cast import NOW, Cast, assemble
from tests.flows.acts import wallet
from tests.inventory import shelves


def stocked(**profile: Any) -> tuple[Cast, list[int], list[str]]:
    """A buyer with ten dollars, a keep-alive plan for three, a number and a profile in stock."""
    cast = assemble()
    found = shelves.numbers(shelves.pool("uk"), 3)
    sims = shelves.profiles(shelves.pool("uk-esim", "profile"), 2, **profile)
    return cast, found, sims


def request(cast: Cast, **changes: Any) -> buy_line.PurchaseRequest:
    values: dict[str, Any] = {
        "account_id": cast.account.id,
        "plan_code": cast.plan.code,
        "currency": "USD",
        "use_wallet": "part",
        "provider": None,
        "key": f"key-{cast.account.id}",
        "expected_total_minor": None,
        "actor": "user:1",
        "channel": "portal",
    }
    return buy_line.PurchaseRequest(**(values | changes))


def nothing_is_left(cast: Cast, order_id: Any) -> None:
    """Money, stock and list of lines are as before; the order rests."""
    order = Order.objects.by_id(order_id)
    assert order.next_action_at is None
    assert wallet(cast) == (1000, 0)
    assert not Number.objects.exclude(state="available").exists()
    assert not Profile.objects.exclude(state="available").exists()
    assert not CardHolding.objects.exists()
    assert not OwnershipPeriod.objects.exists()
    assert not Extension.objects.filter(order_id=order_id).exists()
    assert [card.line_id for card in show_lines(cast.account.id, NOW).cards] == [cast.line.id]
