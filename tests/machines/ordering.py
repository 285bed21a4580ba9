"""What machines of numbers share: the moods of network and clearing house, workers, the clock, and
the audit after each step."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from keepline.catalog import queries as catalog
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit, invariants
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_ports import follow as follow_ports
from keepline.gateways import switchboard
from keepline.orders.models import Order
from keepline.orders.services import FINAL
from tests import cast as stage
from tests.cast import NOW
from tests.doubles import Mailbox, ScriptedNetwork
from tests.porting import ScriptedHouse

SAFE = [one for one in invariants() if not one.late]
MOODS = st.sampled_from(["ok", "ok", "refuse", "lost", "mute", "deaf", "hears"])
LINES = st.integers(0, 1)
HAS = 5000
with_orders = precondition(lambda self: self.orders)


class Buyer:
    """Who asks for orders, and has those that were accepted."""

    asked = 0
    orders: list[UUID]

    def key(self, again: bool) -> str:
        """The last one again, or a new one."""
        self.asked += not (again and self.asked)
        return f"key-{self.asked:04}"

    def starts(self, start: Callable[[], UUID]) -> None:
        try:
            order_id = start()
        except FlowRefused:
            return
        if order_id not in self.orders:
            self.orders.append(order_id)


class OrderingMachine(Buyer, RuleBasedStateMachine):
    """One account with a full wallet, what it ordered, and a clearing house."""

    def __init__(self, house: ScriptedHouse) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.now = NOW
        self.orders = []
        self.network, self.house = ScriptedNetwork(), house
        switchboard.connect("network", lambda: self.network)
        switchboard.connect("porting", lambda: self.house)
        switchboard.connect("email", Mailbox)
        self.cast = stage.assemble(wallet_minor=HAS)

    def teardown(self) -> None:
        try:
            self.left_alone_everything_comes_to_rest()
        finally:
            transaction.savepoint_rollback(self.before)
            switchboard._factories.pop("porting", None)
            catalog.forget()

    @rule(mood=MOODS)
    def network_is(self, mood: str) -> None:
        put_in(mood, self.network)

    @rule(mood=st.sampled_from(["ok", "lost", "mute", "deaf", "hears"]), after=st.integers(0, 2))
    def clearing_house_is(self, mood: str, after: int) -> None:
        put_in(mood, self.house, after)

    @with_orders
    @rule(place=st.integers(0, 9))
    def works(self, place: int) -> None:
        advance(self.orders[-1 - place % len(self.orders)], "en", self.now)

    @invariant()
    def the_books_are_right(self) -> None:
        assert audit(self.now, SAFE) == []

    def left_alone_everything_comes_to_rest(self) -> None:
        raise NotImplementedError

    def passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.house.shows = self.now

    def rests(self, minutes: int) -> None:
        """Everybody hears again, and workers work."""
        for double in (self.network, self.house):
            double.deaf, double.script = False, []
        for _ in range(12):
            self.passes(60 * minutes)
            follow_ports(self.now)
            for order_id in self.orders:
                advance(order_id, "en", self.now)
        for order in Order.objects.exclude(kind="opening"):
            assert order.state in FINAL
            assert (order.undo_due, order.next_action_at) == (False, None)


def put_in(mood: str, double: Any, after: int = 0) -> None:
    """From now on deaf or not; or in this mood for one call, `after` so many good ones."""
    if mood in ("deaf", "hears"):
        double.deaf = mood == "deaf"
    else:
        double.script = [*(["ok"] * after), mood]
