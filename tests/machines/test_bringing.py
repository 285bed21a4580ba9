"""A number that a buyer brings along, in any sequence: it is never in two hands, money and number
change places together or not at all, and everything comes to rest.

One buyer, one number at another operator, cards for its line. Buyer, network, clearing house, the
other operator, workers and clock do what they like; the books are audited after each step.
"""

from contextlib import suppress

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from keepline.flows import bring_number, buy_line, cancel_order, close_line, settle_arrival
from keepline.flows.errors import FlowRefused
from keepline.flows.sweep_lines import sweep
from keepline.gateways.porting.bridge.fake.books import ELSEWHERE, OPEN
from keepline.inventory.models import Card, Number, OwnershipPeriod
from keepline.orders.models import Order
from keepline.porting.models import PortIn
from keepline.porting.ways_in import Brought
from tests.cast import NOW
from tests.flows.acts import wallet
from tests.flows.buying import request
from tests.inventory import shelves
from tests.machines.ordering import HAS, OrderingMachine, with_orders
from tests.porting import OURS, ScriptedHouse

E164, CODE = 447700900871, "ABC123"
PAUSES = st.sampled_from([5, 60, 400, 3600, 26 * 3600, 6 * 86400])


class BringingMachine(OrderingMachine):
    """See above."""

    def __init__(self) -> None:
        super().__init__(ScriptedHouse(shows=NOW, notice_s=3600))
        shelves.cards(shelves.pool("uk-sim", "card"), 3)
        self.house.owns(E164, ELSEWHERE, CODE)

    @rule(knows=st.sampled_from([True, True, True, False]), again=st.booleans())
    def brings_it(self, knows: bool, again: bool) -> None:
        if self.house.owner(E164) == ELSEWHERE:  # one that was given back gets a code again
            self.house.owns(E164, ELSEWHERE, CODE)
        brought = Brought(E164, CODE if knows else "WRONG1", "")
        asked = request(self.cast, bring=brought, sim="card", key=self.key(again))
        self.starts(lambda: buy_line.start(asked, self.now).order_id)

    @with_orders
    @rule()
    def closes_the_line(self) -> None:
        line_id = Order.objects.by_id(self.orders[-1]).line_id
        with suppress(FlowRefused):
            close_line.close(self.cast.account.id, line_id, "user:1", self.now)

    @with_orders
    @rule()
    def thinks_better(self) -> None:
        with suppress(FlowRefused):
            cancel_order.cancel(self.cast.account.id, self.orders[-1], "user:1", self.now)

    @with_orders
    @rule(how=st.sampled_from(["again", "give_up", "returned"]))
    def staff_decide(self, how: str) -> None:
        """By hand they hand it back first."""
        order_id = self.orders[-1]
        row = PortIn.objects.filter(order_id=order_id, state="returning").first()
        with suppress(FlowRefused):
            if how == "again":
                settle_arrival.again(order_id, "staff:9", self.now)
            elif how == "give_up":
                settle_arrival.give_up(order_id, "no", "staff:9", self.now)
            elif row is not None:
                self.house.books.return_number(str(row.id), OURS)
                settle_arrival.returned(order_id, "by hand", "staff:9", self.now)

    @precondition(lambda self: PortIn.objects.exists())
    @rule(really=st.sampled_from([True, False, False]))
    def the_other_operator_thinks_better(self, really: bool) -> None:
        if really:
            last = PortIn.objects.order_by("-wanted_at", "-id")[0]
            self.house.books.cancel(str(last.id), ELSEWHERE)

    @rule(seconds=PAUSES)
    def time_passes(self, seconds: int) -> None:
        self.passes(seconds)
        sweep(self.now)

    @invariant()
    def it_is_in_one_hand(self) -> None:
        number = Number.objects.filter(e164=E164).first()
        state = number.state if number else "ported_out"
        if self.house.owner(E164) == OURS:
            assert state != "ported_out", "it is ours, and nobody has it"
        else:
            assert state in ("expected", "ported_out"), "it is in use here, and not ours"
            assert not OwnershipPeriod.objects.filter(e164=E164).exists()
        came = PortIn.objects.filter(state="ported").count()
        assert came <= 1
        assert OwnershipPeriod.objects.filter(e164=E164).count() == came

    @invariant()
    def the_network_hears_of_it_at_its_date(self) -> None:
        for order_id in self.network.standing:
            date = bring_number.cut_over_of(Order.objects.by_id(order_id))
            assert date is not None
            assert date <= self.now

    @invariant()
    def it_is_paid_for_once(self) -> None:
        price = sum(Order.objects.filter(state="completed").values_list("total_minor", flat=True))
        assert wallet(self.cast)[0] == HAS - price

    def left_alone_everything_comes_to_rest(self) -> None:
        self.rests(minutes=20)
        assert not Number.objects.filter(state="expected").exists()
        assert not Card.objects.filter(state="held").exists()
        completed = Order.objects.filter(state="completed", kind="purchase").count()
        assert (self.house.owner(E164) == OURS) == (completed == 1)
        assert wallet(self.cast)[1] == 0
        assert not any(self.house.state(row.id) in OPEN for row in PortIn.objects.all())
        self.it_is_in_one_hand()
        self.the_books_are_right()


@pytest.mark.slow
@pytest.mark.django_db
def test_a_number_that_is_brought(effort: settings) -> None:
    run_state_machine_as_test(BringingMachine, settings=effort)
