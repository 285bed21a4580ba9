"""Orders bought, earned, refunded and disputed, in any order: the books say what is left.

The oracle is a list of what was paid and given back; the house keeps the rest, less its tax, when
every term has run out, and the line lives as long as the pieces that still stand.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from keepline.core.lifecycle.line import LineState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit, invariants
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_disputes import follow_disputes
from keepline.flows.open_payment import open_payment
from keepline.flows.recognise_revenue import number_receipts, recognise
from keepline.flows.settle_payment import settle
from keepline.flows.show_taxes import show_taxes
from keepline.flows.sweep_lines import sweep
from keepline.gateways import switchboard
from keepline.lines.models import Validity
from keepline.orders.models import Order
from keepline.payments import disputes
from keepline.payments.models import Dispute, Payment, Refund
from tests import cast as stage
from tests.cast import NOW
from tests.doubles import FakeProvider
from tests.flows.acts import request
from tests.flows.refunds import balance, refunded

SAFE = [one for one in invariants() if not one.late]
DAY = timedelta(days=1)


class RefundMachine(RuleBasedStateMachine):
    """One line, one wallet, one provider; days pass."""

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.provider = FakeProvider()
        switchboard.connect("payments:sandbox", lambda: self.provider)
        self.cast = stage.assemble(
            wallet_minor=50_000, price_minor=307, tax_rate_ppm=190_000, tax_inclusive=True
        )
        self.now, self.orders, self.keys = NOW, [], 0

    def teardown(self) -> None:
        try:
            self.all_is_over()
        finally:
            transaction.savepoint_rollback(self.before)

    def all_is_over(self) -> None:
        """When everything has run out, the house has earned what was not given back."""
        for order in Order.objects.filter(next_action_at__isnull=False):
            advance(order.id, "en", self.now)
        number_receipts("house", self.now)
        recognise(self.now + 300 * DAY)
        kept = taxes = 0
        for order in Order.objects.filter(kind="renewal", state="completed"):
            given = list(Refund.objects.filter(order_id=order.id))
            lost = list(Dispute.objects.filter(order_id=order.id, state="lost"))
            back = sum(r.amount_minor for r in given) + sum(d.sale_minor for d in lost)
            tax = sum(each.tax_minor for each in (*given, *lost))
            kept += order.total_minor - back - (order.tax_minor - tax)
            taxes += order.tax_minor - tax
        assert (balance("deferred_revenue"), balance("revenue")) == (0, kept)
        assert balance("tax_payable") == taxes == self.to_be_declared()
        held = sum(p.captured_minor - p.refunded_minor for p in self.provider.payments.values())
        gone = sum(d.booked_minor for d in Dispute.objects.exclude(state="won"))
        assert balance("clearing", "sandbox") == gone - held
        still = sum(d.booked_minor for d in Dispute.objects.filter(state="open"))
        assert balance("disputed") == -still

    def to_be_declared(self) -> int:
        """The tax of all sales less what went back, as the operator reads it."""
        rows = show_taxes(NOW.date(), (self.now + 300 * DAY).date())
        return sum(row.tax_minor - row.tax_returned_minor for row in rows)

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys:05}"

    @rule(by_provider=st.booleans(), numbered=st.booleans())
    def buy(self, by_provider: bool, numbered: bool) -> None:
        line = Validity.objects.by_id(self.cast.line.id)
        if line.state == LineState.TERMINATED or line.valid_until > self.now + 200 * DAY:
            return
        changes: dict[str, Any] = {"key": self.key(), "provider": None}
        if by_provider:
            changes |= {"provider": "sandbox", "use_wallet": "none"}
        order_id = self.start(changes)
        if order_id is None:
            return
        if by_provider:
            open_payment(order_id, "en", self.now)
            self.provider.pay(Payment.objects.get(order_id=order_id).id)
            settle(order_id, self.now)
        if numbered:
            number_receipts("house", self.now)
        self.orders.append(order_id)

    def start(self, changes: dict[str, Any]) -> UUID | None:
        """None when the line's service was cut: nobody tells a network here."""
        with suppress(FlowRefused):
            return renew_line.start(request(self.cast, **changes), self.now).order_id
        return None

    @rule(days=st.integers(1, 25), hours=st.integers(0, 23), booked=st.booleans())
    def time_passes(self, days: int, hours: int, booked: bool) -> None:
        self.now += days * DAY + timedelta(hours=hours)
        number_receipts("house", self.now)
        if booked:
            recognise(self.now)
        sweep(self.now)

    @rule(
        which=st.integers(0, 9),
        scope=st.sampled_from(["whole", "pro_rata", "part"]),
        destination=st.sampled_from(["method", "wallet"]),
        amount_minor=st.integers(1, 320),
    )
    def give_back(self, which: int, scope: str, destination: str, amount_minor: int) -> None:
        if not self.orders:
            return
        order = Order.objects.by_id(self.orders[-1 - which % len(self.orders)])
        given = sum(r.amount_minor for r in Refund.objects.filter(order_id=order.id))
        given += disputes.taken_minor(order.id)
        refund = None
        with suppress(FlowRefused):
            refund = refunded(
                order,
                self.now,
                key=self.key(),
                scope=scope,
                destination=destination,
                amount_minor=amount_minor,
            )
        if refund is None:
            possible = scope == "part" and amount_minor + given <= order.total_minor
            assert not possible or order.receipt_number is None, "goodwill is always possible"
            return
        assert given + refund.amount_minor <= order.total_minor
        if scope == "part":
            assert not refund.ends_service

    @rule(answer=st.sampled_from(["yes", "no", "silence"]))
    def the_provider_is_asked(self, answer: str) -> None:
        self.provider.refuse_refunds = answer == "no"
        self.provider.silent = int(answer == "silence")
        for order in Order.objects.filter(next_action_at__isnull=False):
            advance(order.id, "en", self.now)
        self.provider.refuse_refunds, self.provider.silent = False, 0

    @rule(which=st.integers(0, 9), outcome=st.sampled_from(["open", "won", "lost"]))
    def the_bank_acts(self, which: int, outcome: Any) -> None:
        """It takes a whole payment back, or decides about it; decided is decided."""
        paid = [o for o in self.orders if Payment.objects.filter(order_id=o).exists()]
        if not paid:
            return
        payment = Payment.objects.get(order_id=paid[-1 - which % len(paid)])
        told = self.provider.payments[payment.id].disputes
        if all(each.status == "open" for each in told.values()):
            self.provider.dispute(payment.id, outcome, f"dispute-{payment.id}")
        follow_disputes(payment.order_id, self.now, told=True)

    @invariant()
    def the_books_are_right(self) -> None:
        assert audit(self.now, SAFE) == []


@pytest.mark.django_db
@pytest.mark.books_broken
def test_refunds(effort: settings) -> None:
    before = dict(switchboard._factories)
    try:
        run_state_machine_as_test(RefundMachine, settings=effort)
    finally:
        for port, factory in before.items():
            switchboard.connect(port, factory)
