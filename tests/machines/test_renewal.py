"""The whole way of a renewal under any sequence of steps: money equals service after each.

Holder, provider, network, workers and the clock do what they like, as often as they like. Safety
is audited after every step; when they are left alone at the end, everything comes to rest and
nothing is late.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
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

from keepline.core.lifecycle.line import LINE, LineEvent
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.flows import renew_line, top_up_wallet
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit, invariants
from keepline.flows.deliver_order import deliver
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_network import follow
from keepline.flows.line_at_network import let_network_follow, standing_of
from keepline.flows.open_payment import open_payment
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.refund_payment import refund
from keepline.flows.review_payment import approve, refuse
from keepline.flows.settle_payment import settle
from keepline.flows.withdraw_order import undo_delivery, withdraw
from keepline.gateways import switchboard
from keepline.ledger.models import Wallet
from keepline.lines import network_due
from keepline.lines import services as lines
from keepline.lines.models import NetworkDue
from keepline.orders.models import Order
from keepline.payments import limits
from keepline.payments import services as payments
from keepline.payments.models import Payment
from tests import cast as stage
from tests.cast import NOW
from tests.doubles import FakeProvider, Mailbox, ScriptedNetwork
from tests.flows.at_once import rest, work_off

SAFE = [one for one in invariants() if not one.late]
REFUSALS = {
    "key_reused",
    "wallet_short",
    "state_refuses",
    "provider_refused",
    "price_changed",
    "plan_not_for_line",
}
KEYS = st.sampled_from([f"key-{n:04d}" for n in range(6)])
SECONDS = st.sampled_from([1, 5, 15, 40, 120, 599, 660, 3700, 4 * 3600, 26 * 3600])
HOW = st.sampled_from(["pays", "pays", "pays", "pays less", "declines", "declines", "waits"])
SELDOM = st.sampled_from([False, False, False, False, True])
with_orders = precondition(lambda self: self.orders)


class RenewalMachine(RuleBasedStateMachine):
    """One account, two lines, two plans, one provider, one network."""

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.now = NOW
        self.provider, self.network = FakeProvider(), ScriptedNetwork()
        switchboard.connect("payments:sandbox", lambda: self.provider)
        switchboard.connect("network", lambda: self.network)
        switchboard.connect("email", Mailbox)
        self.cast = stage.assemble(wallet_minor=700, tax_rate_ppm=190_000)
        stage.plan("far-1m", delivery="network", data_bytes=1000, price_minor=450)
        self.lines = [self.cast.line, stage.line(self.cast.account, self.cast.plan)]
        self.orders: list[UUID] = []
        self.moved: set[int] = set()

    def teardown(self) -> None:
        try:
            self.left_alone_everything_comes_to_rest()
        finally:
            transaction.savepoint_rollback(self.before)

    # --- the holder

    @rule(
        line=st.integers(0, 1),
        plan=st.sampled_from(["keep-1m", "far-1m"]),
        use_wallet=st.sampled_from(["none", "part", "only"]),
        provider=st.sampled_from([None, "sandbox"]),
        key=KEYS,
        stale=st.booleans(),
    )
    def renews(
        self, line: int, plan: str, use_wallet: Any, provider: str | None, key: str, stale: bool
    ) -> None:
        asked = renew_line.RenewalRequest(
            account_id=self.cast.account.id,
            line_id=self.lines[line].id,
            plan_code=plan,
            currency="USD",
            use_wallet=use_wallet,
            provider=provider,
            key=key,
            expected_total_minor=1 if stale and line else None,
            actor="user:1",
            channel="portal",
        )
        self.starts(lambda: renew_line.start(asked, self.now))

    @rule(
        line=st.integers(0, 1),
        plan=st.sampled_from(["keep-1m", "far-1m"]),
        use_wallet=st.sampled_from(["none", "part"]),
        how=HOW,
        road=st.sampled_from(["none", "webhook", "return"]),
    )
    def renews_and_goes_to_pay(
        self, line: int, plan: str, use_wallet: Any, how: str, road: str
    ) -> None:
        """The usual way, up to the first road, or to where nobody but the provider knows."""
        key = f"fresh-{len(self.orders):04d}"
        self.renews(line, plan, use_wallet, "sandbox", key, stale=False)
        if self.orders:
            self.opens(self.orders[-1], "en")
            self.pays(payments.payment_id_of(self.orders[-1]), how)
            if road == "return":
                settle(self.orders[-1], self.now)
            elif road == "webhook":
                self.tell(Payment.objects.filter(order_id=self.orders[-1]).first(), "evt_1")

    @rule(line=st.integers(0, 1))
    def renews_from_a_full_wallet(self, line: int) -> None:
        stage.fill(self.cast.wallet_id, 500)
        self.renews(line, "far-1m", "only", None, f"fresh-{len(self.orders):04d}", stale=False)

    @rule(amount=st.sampled_from([100, 300, 1000]), key=KEYS)
    def tops_up(self, amount: int, key: str) -> None:
        asked = top_up_wallet.TopUpRequest(
            self.cast.account.id, amount, "USD", "sandbox", key, "user:1", "portal"
        )
        self.starts(lambda: top_up_wallet.start(asked, self.now))

    def starts(self, call: Any) -> None:
        try:
            started = call()
        except FlowRefused as refused:
            if refused.code not in REFUSALS:
                raise
            return
        assert started.first == (started.order_id not in self.orders)
        if started.first:
            self.orders.append(started.order_id)

    @with_orders
    @rule(data=st.data(), language=st.sampled_from(["en", "zh-hans", "ru", "uk"]))
    def goes_to_the_checkout(self, data: st.DataObject, language: str) -> None:
        self.opens(self.one(data), language)

    def opens(self, order_id: UUID, language: str) -> None:
        try:
            open_payment(order_id, language, self.now)
        except FlowRefused as refused:
            if refused.code != "provider_refused":
                raise

    @with_orders
    @rule(data=st.data())
    def comes_back(self, data: st.DataObject) -> None:
        settle(self.one(data), self.now)

    # --- the provider

    @precondition(lambda self: self.provider.payments)
    @rule(data=st.data(), how=HOW)
    def at_the_provider(self, data: st.DataObject, how: str) -> None:
        self.pays(data.draw(st.sampled_from(list(self.provider.payments))), how)

    def pays(self, payment_id: UUID, how: str) -> None:
        known = self.provider.payments.get(payment_id)
        if known is None or known.status != "pending":
            return
        if how == "declines":
            self.provider.decline(payment_id)
        elif how != "waits":
            self.provider.pay(payment_id, 7 if how == "pays less" else None)

    @with_orders
    @rule(data=st.data(), event=st.sampled_from(["evt_1", "evt_2", "evt_3"]))
    def webhook(self, data: st.DataObject, event: str) -> None:
        self.tell(Payment.objects.filter(order_id=self.one(data)).first(), event)

    def tell(self, payment: Payment | None, event: str) -> None:
        if payment is not None:
            body = f"{event}_{payment.id} {payment.id}".encode()
            receive_webhook("sandbox", {"X-Good": "yes"}, body, self.now)

    @precondition(lambda self: self.declined())
    @rule(data=st.data())
    def a_decline_becomes_a_capture(self, data: st.DataObject) -> None:
        """Such a change of mind is always told; the webhook may come before anything else."""
        payment_id = data.draw(st.sampled_from(self.declined()))
        self.provider.pay(payment_id)
        self.tell(Payment.objects.get(id=payment_id), "evt_change_of_mind")

    def declined(self) -> list[UUID]:
        return [i for i, p in self.provider.payments.items() if p.status == "declined"]

    @rule(calls=st.integers(0, 3), refunds=SELDOM, openings=SELDOM)
    def the_provider_has_moods(self, calls: int, refunds: bool, openings: bool) -> None:
        self.provider.silent = calls
        self.provider.refuse_refunds, self.provider.refuse_opening = refunds, openings

    # --- the network

    @rule(
        script=st.lists(st.sampled_from(["ok", "mute", "lost", "refuse"]), max_size=3),
        deaf=st.sampled_from([False, False, True]),
    )
    def the_network_has_moods(self, script: list[str], deaf: bool) -> None:
        self.network.script, self.network.deaf = script, deaf

    # --- staff

    @precondition(lambda self: Order.objects.filter(state=OrderState.PENDING).exists())
    @rule(data=st.data(), decide=st.sampled_from([approve, refuse]))
    def somebody_looks(self, data: st.DataObject, decide: Any) -> None:
        waiting = Order.objects.filter(state=OrderState.PENDING).order_by("id")
        order_id = data.draw(st.sampled_from(list(waiting.values_list("id", flat=True))))
        decide(order_id, "seen", "staff:1", self.now)

    # --- time and workers

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def workers_work(self) -> None:
        work_off(self.now)

    @with_orders
    @rule(data=st.data(), step=st.sampled_from([deliver, withdraw, refund, undo_delivery]))
    def a_step_is_repeated(self, data: st.DataObject, step: Any) -> None:
        """A worker that was believed dead, or one too many."""
        order_id = self.one(data)
        if Order.objects.by_id(order_id).line_id:
            step(order_id, self.now)

    @with_orders
    @rule(data=st.data())
    def somebody_advances(self, data: st.DataObject) -> None:
        advance(self.one(data), "en", self.now)

    @rule(data=st.data(), line=st.integers(0, 1), for_good=st.integers(0, 4))
    def the_line_moves(self, data: st.DataObject, line: int, for_good: int) -> None:
        """By the sweep, its holder or staff; now and then to its end.

        Numbers leave by flows of their own (machines/test_numbers).
        """
        rare = {LineEvent.TERMINATE} if for_good else set()
        with transaction.atomic():
            locked = lines.lock_line(self.lines[line].id, self.cast.account.id)
            events = LINE.allowed(locked.state) - {LineEvent.RENEW, LineEvent.PORT_OUT} - rare
            if events:
                event = data.draw(st.sampled_from(sorted(events)))
                lines.transition(locked, event, "staff:1", "test", self.now)
                let_network_follow([locked.id], self.now)
                self.moved.add(line)

    @rule(dies=st.booleans())
    def the_network_is_told(self, dies: bool) -> None:
        """Of what changed without an order; or somebody dies who was about to."""
        if dies:
            network_due.claim(self.now, 100)
        else:
            follow(self.now)

    @rule(limit=st.sampled_from([1, 100]))
    def receipts_are_numbered(self, limit: int) -> None:
        number_receipts("house", NOW, limit)

    # --- what must hold

    @invariant()
    def money_equals_service(self) -> None:
        assert audit(self.now, SAFE) == []

    def left_alone_everything_comes_to_rest(self) -> None:
        self.provider.silent, self.provider.refuse_opening = 0, False
        self.network.script, self.network.deaf = [], False
        self.now = rest(self.now, timedelta(days=3))
        for minutes in (5, 5, 24 * 60):  # who died or was silent, and what was refused
            self.now = rest(self.now + timedelta(minutes=minutes), timedelta(days=3))
        # Nobody sweeps here: what is due of lines stays due.
        asked = [one for one in invariants() if one.name != "11_nothing_due_is_left"]
        assert audit(self.now + timedelta(days=4), asked) == []
        assert not Order.objects.filter(next_action_at__isnull=False).exists()
        for payment in Payment.objects.all():
            self.provider_and_we_agree(payment)
        delivered = Order.objects.filter(state=OrderState.COMPLETED, delivery="network")
        known = set(Order.objects.values_list("id", flat=True))
        assert known & set(self.network.standing) == {order.id for order in delivered}
        self.the_network_gives_what_was_bought()
        self.the_network_holds_what_the_books_say()
        row = Wallet.objects.by_id(self.cast.wallet_id)
        assert (row.pending_minor, row.posted_minor >= 0) == (0, True)

    def the_network_gives_what_was_bought(self) -> None:
        """Each delivery stated the whole service, counted from the one before it."""
        for line in self.lines:
            every = Order.objects.filter(line_id=line.id, state=OrderState.COMPLETED)
            last = every.order_by("-valid_until_after").first()
            if last is not None and last.delivery == "network" and last.id in self.network.standing:
                told = self.network.standing[last.id].desired.valid_until
                ledger_between = every.filter(
                    delivery="ledger", kind="renewal", completed_at__gte=last.settled_at
                )
                assert told == last.valid_until_after or ledger_between.exists()

    def the_network_holds_what_the_books_say(self) -> None:
        assert not NetworkDue.objects.exists()
        for line in (self.lines[place] for place in self.moved):
            found = lines.read_line(line.id, self.cast.account.id)
            standing, held = standing_of(found, self.now), self.network.lines.get(str(line.id))
            assert (held and held.state) == (standing and standing.state)

    def provider_and_we_agree(self, payment: Payment) -> None:
        theirs = self.provider.payments.get(payment.id)
        if theirs is None:
            assert payment.state in (PaymentState.DECLINED, PaymentState.EXPIRED)
            return
        assert (theirs.captured_minor, theirs.refunded_minor) == (
            payment.captured_minor,
            payment.refunded_minor,
        )
        assert theirs.status != "pending", "somebody could still pay for an order that is over"

    def one(self, data: st.DataObject) -> UUID:
        return data.draw(st.sampled_from(self.orders))


@pytest.mark.django_db
@pytest.mark.books_broken  # they are audited after each step, and swept before the test ends
def test_renewal(effort: settings) -> None:
    limits.put_in_force(replace(limits.in_force(), review={"default": 4}))
    run_state_machine_as_test(RenewalMachine, settings=effort)
