"""A provider away for an hour, in three ways, at every adapter: nobody is charged twice, nothing is
given up early, pages tell the truth, and all settles itself when it is back. Time is moved.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from keepline.flows.audit_books import audit
from keepline.flows.show_order import show_order
from tests.crash.world import Outside, World, a_world
from tests.gateways.sandbox_process import free_port
from tests.gateways.tills import CURRENCIES, another_adapter, meetings

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 0.1  # ten seconds in an installation (config/wiring.py); what follows is the same
LOOKS, MINUTES_BETWEEN = 6, 10


@contextmanager
def away(how: str) -> Iterator[str]:
    """The address of somebody who answers 500, never answers, or is not there."""
    if how == "down":
        yield f"http://127.0.0.1:{free_port()}"
        return
    over = threading.Event()

    class Away(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if how == "hangs":
                over.wait(30)
            self.send_response(500)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Whoever hung up did so rightly."""

    server = Server(("127.0.0.1", 0), Away)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def an_hour_without(world: World, how: str, holder: Callable[[World], None]) -> None:
    """The holder tries and looks, again and again; workers work all the time."""
    with (
        away(how) as url,
        another_adapter(world.till.name, lambda: world.till.adapter_at(url, PATIENCE_S)),
    ):
        for _ in range(LOOKS):
            for _ in range(3):  # impatiently
                holder(world)
            world.work()
            view = show_order(world.order().id, world.cast.account.id, world.now())
            assert (view.stage, view.resting) == (told(world), False)
            world.later(minutes=MINUTES_BETWEEN)


def told(world: World) -> str:
    """Where the checkout was never opened: that the provider is asked. Else: that it is looked for
    the payment."""
    return "to_pay" if world.payment().checkout_url else "asking"


AWAYS = ["down", "answers 500", "hangs"]
IN_TURN = [meetings(AWAYS, {name: CURRENCIES[name]})[n % 3] for n, name in enumerate(CURRENCIES)]


@pytest.mark.parametrize(("provider", "currency", "how"), meetings(AWAYS))
def test_paid_just_before(
    provider: str, currency: str, how: str, outside: Callable[[str], Outside]
) -> None:
    """Neither webhook nor answer came through: the money is found when the provider is back."""
    world = a_world(outside(provider), currency, wallet_minor=100)
    world.start()
    world.open()
    world.pay()
    an_hour_without(world, how, World.come_back)
    world.rest(hours=1.5)
    end = world.end()
    if world.till.takes_by_itself:
        found = "completed", ("captured", 200, 0), (200, 0), 2
    else:
        found = "cancelled", ("expired", 0, 0), (0, 0), 1
    assert (
        end["orders"][0][1],
        end["payments"][0],
        end["at the provider"][0][1:],
        end["extensions"],
    ) == found
    assert audit(world.now()) == []


@pytest.mark.parametrize(("provider", "currency", "how"), IN_TURN)
def test_nobody_came_to_the_checkout(
    provider: str, currency: str, how: str, outside: Callable[[str], Outside]
) -> None:
    """An order of that hour ends unpaid by itself, and the next one is paid."""
    world = a_world(outside(provider), currency, wallet_minor=100)
    world.start()
    an_hour_without(world, how, World.open)
    world.rest(hours=2)
    assert [(one[1], one[2]) for one in world.end()["orders"]] == [("cancelled", "payment_expired")]
    assert world.end()["wallet"] == (100, 0)
    assert audit(world.now()) == []


@pytest.mark.parametrize(("provider", "currency", "how"), IN_TURN)
def test_back_within_the_hour(
    provider: str, currency: str, how: str, outside: Callable[[str], Outside]
) -> None:
    """A worker opens the checkout that the holder was not shown; the holder finds it and pays."""
    world = a_world(outside(provider), currency, wallet_minor=100)
    world.start()
    with (
        away(how) as url,
        another_adapter(provider, lambda: world.till.adapter_at(url, PATIENCE_S)),
    ):
        for _ in range(3):
            world.open()
            world.work()
            world.later(minutes=5)
    for _ in range(4):
        world.later(minutes=5)
        world.work()
    assert told(world) == "to_pay"
    world.pay()
    world.rest(hours=2)
    assert [one[1] for one in world.end()["orders"]] == ["completed"]
    assert audit(world.now()) == []
