"""Stories in which a provider is paid, act by act, in words that hold for every provider.

An act of ours (web or worker) may be killed; what happens outside is never.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.reconcile import reconcile
from keepline.gateways.payments.port import SignatureRefused
from tests.crash.world import World


@dataclass(frozen=True)
class Act:
    """One thing that happens. `ours`: by a process of ours, that may die and be started again."""

    do: Callable[[World], None]
    ours: bool = True


@dataclass(frozen=True)
class Scenario:
    """`cast`: arguments of tests.cast.assemble."""

    cast: dict[str, Any]
    acts: Sequence[Act]


def start(**changes: Any) -> Act:
    return Act(lambda world: world.start(**changes))


def network(word: str, times: int | None = None) -> Act:
    def change(world: World) -> None:
        world.outside.network().set_behaviour(word, str(world.cast.line.id), times)

    return Act(change, ours=False)


def at_the_provider(word: str) -> Act:
    """A bad day there; the word is a till's."""
    return Act(lambda world: getattr(world.till, word)(world.payment()), ours=False)


def later(**duration: float) -> Act:
    return Act(lambda world: world.later(**duration), ours=False)


START = start()
START_TOP_UP = Act(World.start_top_up)
OPEN = Act(World.open)
PAY = Act(World.pay, ours=False)
ARRIVES = Act(World.webhook_arrives, ours=False)
WEBHOOK = Act(World.webhook)
BACK = Act(World.come_back)
WORK = Act(World.work)
WALLET_ONLY = start(use_wallet="only", provider=None)
THROUGH_NETWORK = {"wallet_minor": 100, "delivery": "network"}


def _open_refused(world: World) -> None:
    with world.till.refuses_openings():
        world.open()


def _a_strangers_webhook(world: World) -> None:
    """The provider's own, with one byte more."""
    headers, body = world.arrived[0]
    with suppress(SignatureRefused):
        receive_webhook(world.till.name, headers, body + b"1", world.now())


def _compare_books(world: World) -> None:
    """The second span begins after the provider's opening, by the provider's clock."""
    now = world.now()
    for from_at in (now - timedelta(days=1), now - timedelta(hours=1)):
        reconcile(world.till.name, from_at, now + timedelta(hours=1), "worker", now)


COMPARE = Act(_compare_books)

PAID_SCENARIOS: dict[str, Scenario] = {
    "the webhook tells": Scenario(
        {"wallet_minor": 100}, [START, OPEN, PAY, ARRIVES, WEBHOOK, WORK]
    ),
    "the browser comes back": Scenario({"wallet_minor": 100}, [START, OPEN, PAY, BACK, WORK]),
    "through the network": Scenario(THROUGH_NETWORK, [START, OPEN, PAY, ARRIVES, WEBHOOK, WORK]),
    "a network that says no": Scenario(
        THROUGH_NETWORK, [network("refuse"), START, OPEN, PAY, BACK, WORK]
    ),
    "a provider that keeps the money": Scenario(
        THROUGH_NETWORK,
        [network("refuse"), START, OPEN, at_the_provider("keeps_the_money"), PAY, BACK, WORK],
    ),
    "the promise passes": Scenario(
        THROUGH_NETWORK,
        [network("lost"), START, OPEN, PAY, BACK, WORK, later(minutes=11), WORK],
    ),
    "a silent provider": Scenario(
        {"wallet_minor": 100},
        [START, OPEN, at_the_provider("fails_to_answer"), BACK, PAY, later(seconds=20), WORK],
    ),
    "opened in other words": Scenario(
        {"wallet_minor": 100},
        [
            START,
            at_the_provider("loses_an_opening"),
            Act(lambda world: world.open("zh-hans")),
            OPEN,
            PAY,
            BACK,
            WORK,
        ],
    ),
    "an opening refused": Scenario({"wallet_minor": 100}, [START, Act(_open_refused), WORK]),
    # Before the next, which at some providers asks only about payments of other worlds.
    "the books are compared": Scenario(
        {"wallet_minor": 100}, [later(hours=2), START, OPEN, PAY, BACK, COMPARE, WORK]
    ),
    "neither road tells": Scenario(
        {"wallet_minor": 100}, [later(hours=2), START, OPEN, PAY, COMPARE, WORK]
    ),
    "a stranger's webhook": Scenario(
        {"wallet_minor": 100},
        [START, OPEN, PAY, ARRIVES, Act(_a_strangers_webhook), WEBHOOK, WORK],
    ),
    "a top-up": Scenario({"wallet_minor": 0}, [START_TOP_UP, OPEN, PAY, ARRIVES, WEBHOOK, WORK]),
}
