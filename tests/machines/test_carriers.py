"""Switches of carrier, swaps of the SIM and phones under any sequence of steps: of a line's SIMs
one is served at the network, never two and never none, and every ICCID has one holder.

Two lines of one account, three carriers, five profiles of each. Holder, phones, network, SM-DP+,
workers and clock do what they like; the books are audited after every step.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from keepline.catalog import queries as catalog
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.network_service import DesiredService
from keepline.flows import block_line, close_line, swap_sim, switch_carrier, unblock_line
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit, invariants
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_network import follow
from keepline.flows.follow_profile import follow_profile
from keepline.flows.line_at_network import standing_of, subscriber_of
from keepline.flows.sweep_lines import sweep
from keepline.gateways import switchboard
from keepline.gateways.network.port import Subscriber
from keepline.inventory import sims
from keepline.inventory.models import CardHolding, Profile
from keepline.lines import services as lines
from keepline.lines.models import Line, NetworkDue
from keepline.orders.models import Order
from tests import cast as stage
from tests.cast import NOW
from tests.doubles import Mailbox, ScriptedNetwork, ScriptedSmdp
from tests.flows.carrying import CODES, carry, switch
from tests.flows.test_follow_profile import DELETED, DISABLED, ENABLED, INSTALLED, told
from tests.machines.ordering import Buyer

SAFE = [one for one in invariants() if not one.late]
MOODS = st.sampled_from(["ok", "refuse", "lost", "mute", "deaf", "hears"])
ANSWERS = st.sampled_from(["ok", "lost", "mute", "trouble", "profile_unknown", "in_use"])
PAUSES = st.sampled_from([5, 60, 400, 700, 26 * 3600, 15 * 86400])
POINTS = st.sampled_from([INSTALLED, INSTALLED, ENABLED, DISABLED, DELETED])
SERVED = (LineState.ACTIVE, LineState.GRACE)
with_orders = precondition(lambda self: self.orders)
LINES = st.integers(0, 1)


@dataclass
class BySim(ScriptedNetwork):
    """Knows what each SIM may do, as a home location register does."""

    sims: dict[str, tuple[str, str]] = field(default_factory=dict)  # ICCID -> line, service

    def served(self, line_id: UUID) -> list[str]:
        return [iccid for iccid, (ref, _) in self.sims.items() if ref == str(line_id)]

    def _state(self, subscriber: Subscriber, service: DesiredService | None) -> None:
        super()._state(subscriber, service)
        if subscriber.former is not None:
            self.sims.pop(subscriber.former.iccid or "", None)
        self.sims.pop(subscriber.iccid or "", None)
        if service is not None and service.state != "off":
            self.sims[subscriber.iccid or ""] = subscriber.line_ref, service.state


class CarriersMachine(Buyer, RuleBasedStateMachine):
    """See above."""

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.now, self.minute = NOW, 0
        self.network, self.smdp = BySim(), ScriptedSmdp()
        switchboard.connect("network", lambda: self.network)
        switchboard.connect("smdp_plus", lambda: self.smdp)
        switchboard.connect("email", Mailbox)
        self.cast = stage.assemble(wallet_minor=5000)
        behind, profiles = carry(self.cast, profiles=5)
        second = stage.line(self.cast.account, self.cast.plan)
        iccid = profiles[1][0]
        sims.take_over_card(iccid, self.cast.account.id, second.id, NOW)
        Line.objects.filter(id=second.id).update(
            kind="country_esim", iccid=iccid, carrier_id=behind[1].id
        )
        self.lines = [self.cast.line.id, second.id]
        self.orders = []
        for line_id in self.lines:
            line = self.seen(line_id)
            self.network._state(subscriber_of(line), standing_of(line, NOW))

    def teardown(self) -> None:
        try:
            self.left_alone_everything_comes_to_rest()
        finally:
            switchboard._factories.pop("smdp_plus", None)
            transaction.savepoint_rollback(self.before)
            catalog.forget()

    @rule(line=LINES, carrier=st.sampled_from(CODES), anew=st.booleans(), again=st.booleans())
    def wants_a_carrier(self, line: int, carrier: str, anew: bool, again: bool) -> None:
        key, line_id = self.key(again), self.lines[line]
        asked = switch(self.cast, carrier, key, line_id=line_id, anew=anew)
        self.starts(lambda: switch_carrier.start(asked, self.now).order_id)

    @rule(line=LINES, again=st.booleans())
    def wants_a_sim(self, line: int, again: bool) -> None:
        who = self.cast.account.id, self.lines[line]
        asked = swap_sim.SimSwapRequest(*who, self.key(again), None, "user:1", "portal")
        self.starts(lambda: swap_sim.start(asked, self.now).order_id)

    @rule(place=st.integers(0, 9), point=POINTS)
    def phone_tells(self, place: int, point: int) -> None:
        """Of any profile that was ever given to a line."""
        given = list(Profile.objects.filter(line_id__isnull=False).order_by("iccid"))
        self.minute += 1
        follow_profile(told(given[place % len(given)].iccid, point, self.minute), self.now)

    @rule(line=LINES, act=st.sampled_from([block_line.block, unblock_line.unblock]))
    def loses_or_finds(self, line: int, act: object) -> None:
        with suppress(FlowRefused):
            act(self.cast.account.id, self.lines[line], "user:1", self.now)  # type: ignore[operator]

    @rule(line=LINES, really=st.sampled_from([False, False, False, True]))
    def gives_up(self, line: int, really: bool) -> None:
        if really:
            with suppress(FlowRefused):
                close_line.close(self.cast.account.id, self.lines[line], "user:1", self.now)

    @rule(mood=MOODS)
    def network_is(self, mood: str) -> None:
        if mood in ("deaf", "hears"):
            self.network.deaf = mood == "deaf"
        else:
            self.network.script = [mood]

    @rule(answer=ANSWERS)
    def smdp_says(self, answer: str) -> None:
        self.smdp.script = [answer]

    @with_orders
    @rule(place=st.integers(0, 50))
    def works(self, place: int) -> None:
        advance(self.orders[place % len(self.orders)], "en", self.now)

    @rule()
    def follows(self) -> None:
        follow(self.now)

    @rule(seconds=PAUSES)
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        sweep(self.now)

    @invariant()
    def one_sim_of_a_line_is_served(self) -> None:
        for line_id in self.lines:
            served, line = self.network.served(line_id), self.seen(line_id)
            assert len(served) <= 1, served
            # One that was woken, or blocked and found, is told of when the network is followed.
            never_cut = line.state in SERVED and not self.cut(line_id)
            assert served or not never_cut

    @invariant()
    def every_sim_has_one_holder(self) -> None:
        borne = Counter(Line.objects.exclude(iccid=None).values_list("iccid", flat=True))
        assert max(borne.values(), default=0) <= 1
        holders = dict(CardHolding.objects.values_list("iccid", "line_id"))
        for line_id in self.lines:
            line = Line.objects.by_id(line_id)
            assert holders[line.iccid] == line_id
            beside = Profile.objects.filter(line_id=line_id, standby_carrier_id__isnull=False)
            assert all(holders[each.iccid] == line_id for each in beside)
            assert line.iccid not in {each.iccid for each in beside}

    @invariant()
    def the_books_are_right(self) -> None:
        assert audit(self.now, SAFE) == []

    def left_alone_everything_comes_to_rest(self) -> None:
        self.network.deaf, self.network.script, self.smdp.script = False, [], []
        NetworkDue.objects.update(due_at=self.now)  # what was refused would wait for a day
        for _ in range(12):
            self.now += timedelta(minutes=7)
            for order_id in self.orders:
                advance(order_id, "en", self.now)
            follow(self.now)
        for order in Order.objects.exclude(kind="opening"):
            assert order.state in (OrderState.COMPLETED, OrderState.FAILED, OrderState.WITHDRAWN)
            assert (order.undo_due, order.next_action_at) == (False, None)
        assert not Profile.objects.filter(state="held").exists()
        for line_id in self.lines:
            line = self.seen(line_id)
            standing = standing_of(line, self.now)
            on = standing is not None and standing.state != "off"
            assert self.network.served(line_id) == ([line.iccid] if on else [])
        self.every_sim_has_one_holder()
        self.the_books_are_right()

    def seen(self, line_id: UUID) -> lines.LockedLine:
        return lines.read_line(line_id, self.cast.account.id)

    def cut(self, line_id: UUID) -> bool:
        """Whether the network is still to be told of something else than the line's SIM."""
        return NetworkDue.objects.filter(id=line_id).exists()


@pytest.mark.slow
@pytest.mark.django_db
def test_carriers_and_sims(effort: settings) -> None:
    run_state_machine_as_test(CarriersMachine, settings=effort)
