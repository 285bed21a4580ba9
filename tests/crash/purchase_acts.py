"""Stories of purchases: stock comes in, a line is bought from it, and somebody outside says no."""

import time
from contextlib import suppress
from typing import Any

from keepline.flows import buy_line, settle_arrival
from keepline.flows.cancel_order import cancel
from keepline.flows.errors import FlowRefused
from keepline.flows.hear_of_port import hear
from keepline.gateways.porting.port import PortRequest
from keepline.inventory.models import Pool
from keepline.porting.models import PortIn
from keepline.porting.ways_in import Brought
from tests.crash.paid_scenarios import BACK, OPEN, PAY, WORK, Act, Scenario, later
from tests.crash.world import World
from tests.inventory import shelves


def _pool(world: World, kind: str) -> Pool:
    return shelves.pool(f"{kind}-{world.key}", kind)


def _stock(world: World) -> None:
    """One number and one eSIM profile, which the SM-DP+ has as well."""
    shelves.numbers(_pool(world, "number"), 1, world.number_for_sale)
    first = world.key_number * 10 + 10**7
    (iccid,) = shelves.profiles(_pool(world, "profile"), 1, first=first)
    world.iccid_for_sale = iccid
    world.outside.stock_profile(iccid)


def _unknown_there(world: World) -> None:
    """The SM-DP+ has another profile than the one in stock."""
    number = world.key_number * 10 + 10**7
    world.iccid_for_sale = shelves.iccid(number)
    shelves.numbers(_pool(world, "number"), 1, world.number_for_sale)
    shelves.profiles(_pool(world, "profile"), 1, first=number)


def buy(**changes: Any) -> Act:
    def start(world: World) -> None:
        values: dict[str, Any] = {
            "account_id": world.cast.account.id,
            "plan_code": world.cast.plan.code,
            "currency": world.currency,
            "use_wallet": "only",
            "provider": None,
            "key": world.key,
            "expected_total_minor": None,
            "actor": "user:1",
            "channel": "portal",
            "e164": world.number_for_sale,
            "sim": "profile",
            "iccid": world.iccid_for_sale,
        }
        buy_line.start(buy_line.PurchaseRequest(**(values | changes)), world.now())

    return Act(start)


def _network(word: str) -> Act:
    def change(world: World) -> None:
        world.outside.network().set_behaviour(word, str(world.order().line_id))

    return Act(change, ours=False)


def _smdp(mode: str, on: str) -> Act:
    """Its next call goes so."""
    return Act(lambda world: world.outside.smdp.behave(mode=mode, on=on, times=1), ours=False)


CODE = "ABC123"


def _number_elsewhere(world: World) -> None:
    """The other operator lets it go at once; its line shall have a profile."""
    world.outside.house.behave(notice_s=0)
    world.outside.house.enter(world.number_for_sale, code=CODE)
    first = world.key_number * 10 + 10**7
    (world.iccid_for_sale,) = shelves.profiles(_pool(world, "profile"), 1, first=first)
    world.outside.stock_profile(world.iccid_for_sale)


def bring(code: str = CODE) -> Act:
    """Its buyer brings the number along."""
    return Act(
        lambda world: buy(e164=None, bring=Brought(world.number_for_sale, code, "")).do(world)
    )


def _house(mode: str, on: str) -> Act:
    """Its next call goes so."""
    return Act(
        lambda world: world.outside.house.behave(mode=mode, on=on, times=1, notice_s=0), ours=False
    )


def _thinks_better(world: World) -> None:
    """The other operator."""
    port_id = PortIn.objects.get(account_id=world.cast.account.id).id
    world.outside.house.call("POST", f"/ports/{port_id}/cancel").raise_for_status()


def _hear(world: World) -> None:
    hear(PortIn.objects.get(account_id=world.cast.account.id).id, world.now())


def _call_off(world: World) -> None:
    """Its buyer."""
    port = PortIn.objects.get(account_id=world.cast.account.id)
    cancel(port.account_id, port.order_id, "user:1", world.now())


def _asks_late(world: World) -> None:
    """A request of a worker that has died comes after the cancellation."""
    port_id = PortIn.objects.get(account_id=world.cast.account.id).id
    house = world.outside.house.adapter()
    house.request(PortRequest(port_id, world.number_for_sale, CODE))


def _comes(world: World) -> None:
    """The clearing house gives it to us by hand, once its date has come."""
    time.sleep(1.5)
    port_id = PortIn.objects.get(account_id=world.cast.account.id).id
    world.outside.house.adapter().cut_over(port_id)


def _try_again(world: World) -> None:
    with suppress(FlowRefused):  # it was tried
        settle_arrival.again(world.order().id, "staff:9", world.now())


def _give_up(world: World) -> None:
    with suppress(FlowRefused):  # it is given up
        settle_arrival.give_up(world.order().id, "no such SIM", "staff:9", world.now())


def _returned(world: World) -> None:
    with suppress(FlowRefused):  # it is noted, or the clearing house has said so
        settle_arrival.returned(world.order().id, "by hand", "staff:9", world.now())


STOCK = Act(_stock, ours=False)
TOMORROW = Act(lambda world: world.outside.house.behave(notice_s=86400), ours=False)
SOON = Act(lambda world: world.outside.house.behave(notice_s=1), ours=False)
HEAR = Act(_hear)
ELSEWHERE, BRING = Act(_number_elsewhere, ours=False), bring()
BUY, BUY_AT_PROVIDER = buy(), buy(use_wallet="part", provider="sandbox")
RICH, SHORT = {"wallet_minor": 1000}, {"wallet_minor": 100}

PURCHASES: dict[str, Scenario] = {
    "a line is bought": Scenario(RICH, [STOCK, BUY, WORK]),
    "a line is bought at a provider": Scenario(
        SHORT, [STOCK, BUY_AT_PROVIDER, OPEN, PAY, BACK, WORK]
    ),
    "an SM-DP+ that says no for now": Scenario(
        RICH, [STOCK, _smdp("refuse:8.2.1/4.2", "downloadOrder"), BUY, WORK, later(minutes=1), WORK]
    ),
    "an SM-DP+ that does not answer": Scenario(
        RICH, [STOCK, _smdp("no_answer", "confirmOrder"), BUY, WORK, later(minutes=1), WORK]
    ),
    "an SM-DP+ that does not know the profile": Scenario(
        RICH, [Act(_unknown_there, ours=False), BUY, WORK]
    ),
    "a purchase that the network refuses": Scenario(RICH, [STOCK, BUY, _network("refuse"), WORK]),
    "a purchase paid in vain": Scenario(
        SHORT, [STOCK, BUY_AT_PROVIDER, OPEN, PAY, _network("refuse"), BACK, WORK]
    ),
    "a purchase whose promise passes": Scenario(
        RICH,
        [STOCK, BUY, _network("lost"), WORK, later(minutes=11), WORK, later(minutes=6), WORK],
    ),
    "a purchase that is never paid": Scenario(
        SHORT, [STOCK, BUY_AT_PROVIDER, OPEN, later(hours=2), WORK]
    ),
    "a number is brought": Scenario(RICH, [ELSEWHERE, BRING, WORK, later(seconds=5), WORK]),
    "a number is brought with a wrong code": Scenario(
        RICH, [ELSEWHERE, bring("WRONG1"), WORK, WORK]
    ),
    "a number comes and nobody hears it": Scenario(
        RICH,
        [
            *(ELSEWHERE, BRING, WORK, _house("no_answer", "cut-over"), later(seconds=5), WORK),
            *(later(minutes=2), WORK),
        ],
    ),
    "a number is taken back before its date": Scenario(
        RICH,
        [
            # Its date is known before the other operator thinks better, whoever was killed.
            *(ELSEWHERE, TOMORROW, BRING, WORK, later(minutes=1), WORK),
            *(Act(_thinks_better, ours=False), HEAR, WORK, WORK),
        ],
    ),
    "a number is not to come after all": Scenario(
        RICH,
        [
            *(ELSEWHERE, TOMORROW, BRING, WORK, later(minutes=1), WORK),
            *(Act(_call_off), WORK, WORK),
        ],
    ),
    "a number is asked for after its order was taken back": Scenario(
        RICH,
        [
            *(ELSEWHERE, TOMORROW, BRING, Act(_call_off), Act(_asks_late, ours=False)),
            *(later(minutes=2), WORK),
        ],
    ),
    "a number comes without its line, and staff try again": Scenario(
        RICH,
        [
            *(ELSEWHERE, SOON, BRING, WORK, Act(_comes, ours=False), _network("refuse")),
            *(later(seconds=5), WORK, _network("normal"), Act(_try_again), WORK),
        ],
    ),
    "a number comes without its line, and staff give it up": Scenario(
        RICH,
        [
            *(ELSEWHERE, SOON, BRING, WORK, Act(_comes, ours=False), _network("refuse")),
            *(later(seconds=5), WORK, Act(_give_up), WORK, WORK),
        ],
    ),
    "a number comes without its line, and staff hand it back by hand": Scenario(
        RICH,
        [
            *(ELSEWHERE, SOON, BRING, WORK, Act(_comes, ours=False), _network("refuse")),
            *(later(seconds=5), WORK, _house("no_answer", "return"), Act(_give_up), WORK),
            *(Act(_returned), later(minutes=6), WORK),
        ],
    ),
    "a number is brought to a network that refuses": Scenario(
        RICH, [ELSEWHERE, BRING, _network("refuse"), WORK, later(seconds=5), WORK, WORK]
    ),
}
