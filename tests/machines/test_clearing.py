"""Money between two providers and us, in three currencies, under any sequence of events.

Holders pay, are declined, pay too little or in another currency, or let the checkout run out; their
saved methods are charged, or their bank wants them present; staff give back; webhooks come at once,
late, twice or never; providers fall silent; networks refuse, so that money goes back, or the
provider keeps it; banks take payments back and decide later, or do not take a refund, days after it
was made; a person looks at first large payments
in time or not; books are compared at any moment. When all are left alone and one night has
passed, each provider's own total is our clearing account, to the unit.

A new way for money to move at a provider is one more rule here and its doing in FakeProvider; what
holds at rest stays as it is.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import F, Q
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from keepline.core.lifecycle.order import OrderState
from keepline.core.reconciliation import Difference, Kind
from keepline.core.refunds import Destination, Scope, Wish
from keepline.flows import renew_line, save_method, top_up_wallet
from keepline.flows.audit_books import audit, invariants
from keepline.flows.decide_refund import Decision, decide_refund
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import NOBODY
from keepline.flows.open_payment import open_payment
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.reconcile import reconcile
from keepline.flows.refund_order import RefundRequest, ask
from keepline.flows.review_payment import approve, refuse
from keepline.flows.save_method import SavingRequest
from keepline.flows.settle_payment import settle
from keepline.gateways import switchboard
from keepline.gateways.payments.port import (
    DeclineKind,
    DisputeOutcome,
    PaymentStatus,
    ProviderUnknown,
    StoredMethod,
)
from keepline.orders.models import Order
from keepline.payments import limits
from keepline.payments.models import Refund
from keepline.payments.services import payment_id_of
from keepline.slots.sql import fetch_all
from tests import cast as stage
from tests.cast import NOW
from tests.doubles import FakeProvider, Mailbox, ScriptedNetwork
from tests.flows.at_once import rest, work_off

PRICES: Final = {"EUR": 299, "JPY": 471, "KWD": 1255}  # two, no and three digits behind the point
PROVIDERS: Final = ("sandbox", "stripe")
NOT_REFUNDED = {  # each by what the order is, or what is left of it
    "not_refundable",
    "order_under_way",
    "refund_amount",
    "refund_later_term",
    "refund_nothing_left",
    "refund_spent",
    "refund_term_over",
    "refund_way",
}
SAFE = [one for one in invariants() if not one.late]
HOW = st.sampled_from(["pays"] * 5 + ["declined"] * 3 + ["pays less", "pays otherwise", "waits"])
POST = st.sampled_from(["at once", "late", "lost"])
SECONDS = st.sampled_from([5, 20, 120, 660, 3700, 26 * 3600])

CLEARING = """
SELECT h.party, h.currency,
       sum(CASE WHEN t.debit_id = h.id THEN 1 ELSE -1 END * t.amount_minor)::bigint AS minor
FROM ledger_houseaccount h JOIN ledger_transfer t ON h.id IN (t.debit_id, t.credit_id)
WHERE h.code = 'clearing' AND t.phase IN ('single', 'post')
GROUP BY h.party, h.currency
"""
Totals = Counter[tuple[str, str]]


def by_our_books() -> Totals:
    """What each provider owes us, by the ledger; without what is nothing."""
    return Counter({(row.party, row.currency): row.minor for row in fetch_all(CLEARING)})


def with_the_provider(status: PaymentStatus) -> int:
    """What it holds of a payment for us."""
    gone = sum(one.amount_minor for one in status.disputes.values() if one.status != "won")
    return status.captured_minor - status.refunded_minor - gone


class ClearingMachine(RuleBasedStateMachine):
    """One account, line and wallet in each currency; two providers; one network."""

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.now = NOW
        self.providers = {name: FakeProvider(name) for name in PROVIDERS}
        self.network = ScriptedNetwork()
        for name, provider in self.providers.items():
            switchboard.connect(f"payments:{name}", lambda provider=provider: provider)
        switchboard.connect("network", lambda: self.network)
        switchboard.connect("email", Mailbox)
        self.lines: dict[str, Any] = {}
        self.methods: dict[tuple[str, str], UUID] = {}
        self.refunds_asked = 0
        self.given_twice: Totals = Counter()
        for currency, price_minor in PRICES.items():
            owner = stage.person(f"holder-{currency}".lower())
            account = stage.account(owner, currency, wallet_minor=100)
            word = currency.lower()
            plan = stage.plan(f"near-{word}", currency=currency, price_minor=price_minor)
            stage.plan(
                f"far-{word}", currency=currency, price_minor=price_minor, delivery="network"
            )
            self.lines[currency] = stage.line(account, plan)
            for name in PROVIDERS:
                self.methods[currency, name] = self.saved(account.id, currency, name)
        self.orders: list[UUID] = []
        self.post_bag: list[tuple[str, UUID]] = []  # late webhooks

    def teardown(self) -> None:
        try:
            self.left_alone_all_totals_are_equal()
        finally:
            transaction.savepoint_rollback(self.before)
            switchboard._factories.pop("payments:stripe", None)

    def saved(self, account_id: UUID, currency: str, provider: str) -> UUID:
        """A method that the provider keeps for the holder."""
        asked = SavingRequest(account_id, provider, currency, "user:1", "en", NOBODY)
        method_id, _page = save_method.start(asked, NOW)
        kind = "card" if provider == "stripe" else provider
        kept = StoredMethod("cus_1", f"pm_{method_id.hex[-8:]}", kind, "Test 4242", None)
        self.providers[provider].store(method_id, kept)
        assert save_method.settle(method_id, account_id, NOW) == "stored"
        return method_id

    # --- holders

    @rule(
        currency=st.sampled_from(list(PRICES)),
        provider=st.sampled_from(PROVIDERS),
        plan=st.sampled_from(["near", "far"]),
        use_wallet=st.sampled_from(["none", "part"]),
        how=HOW,
        post=POST,
    )
    def renews(
        self, currency: str, provider: str, plan: str, use_wallet: Any, how: str, post: str
    ) -> None:
        order_id = self.asks_to_renew(currency, provider, plan, use_wallet, None)
        if order_id is not None:
            self.goes_to_pay(order_id, how, post)

    def asks_to_renew(
        self, currency: str, provider: str, plan: str, use_wallet: Any, method_id: UUID | None
    ) -> UUID | None:
        line = self.lines[currency]
        asked = renew_line.RenewalRequest(
            account_id=line.account_id,
            line_id=line.id,
            plan_code=f"{plan}-{currency.lower()}",
            currency=currency,
            use_wallet=use_wallet,
            provider=provider,
            key=f"fresh-{len(self.orders):04d}",
            expected_total_minor=None,
            actor="user:1",
            channel="portal",
            method_id=method_id,
        )
        try:
            started = renew_line.start(asked, self.now)
        except FlowRefused as refused:
            # The wallet may leave less to pay than Stripe takes.
            if refused.code not in ("state_refuses", "provider_unknown"):
                raise
            return None
        self.orders.append(started.order_id)
        return started.order_id

    @rule(
        currency=st.sampled_from(list(PRICES)),
        provider=st.sampled_from(PROVIDERS),
        how=HOW,
        post=POST,
    )
    def tops_up(self, currency: str, provider: str, how: str, post: str) -> None:
        line, key = self.lines[currency], f"fresh-{len(self.orders):04d}"
        asked = top_up_wallet.TopUpRequest(
            line.account_id, 1110, currency, provider, key, "user:1", "portal"
        )
        self.orders.append(top_up_wallet.start(asked, self.now).order_id)
        self.goes_to_pay(self.orders[-1], how, post)

    def goes_to_pay(self, order_id: UUID, how: str, post: str) -> None:
        open_payment(order_id, "en", self.now)
        self.at_the_checkout(payment_id_of(order_id), how, post)

    @precondition(lambda self: self.pending())
    @rule(data=st.data(), how=HOW, post=POST)
    def pays_later(self, data: st.DataObject, how: str, post: str) -> None:
        self.at_the_checkout(data.draw(st.sampled_from(self.pending())), how, post)

    def at_the_checkout(self, payment_id: UUID, how: str, post: str) -> None:
        provider = self.provider_of(payment_id)
        if provider is None or how == "waits":
            return
        if how == "declined":
            provider.decline(payment_id)
        elif how == "pays otherwise":
            provider.pay(payment_id, 333, "JPY")
        else:
            provider.pay(payment_id, 7 if how == "pays less" else None)
        self.tells(provider, payment_id, post)

    @rule(
        currency=st.sampled_from(list(PRICES)),
        provider=st.sampled_from(PROVIDERS),
        decline=st.sampled_from(["", "", "retry", "approval"]),
    )
    def is_charged(self, currency: str, provider: str, decline: DeclineKind) -> None:
        """By a saved method. A bank that wants the holder present is a decline; who authenticates
        renews at the checkout, as above."""
        if decline:
            self.providers[provider].declines = [decline]
        self.asks_to_renew(currency, provider, "near", "part", self.methods[currency, provider])

    # --- staff

    @precondition(lambda self: self.orders)
    @rule(
        data=st.data(),
        scope=st.sampled_from(Scope),
        destination=st.sampled_from(Destination),
        amount=st.sampled_from([1, 7, 100]),
    )
    def staff_give_back(
        self, data: st.DataObject, scope: Scope, destination: Destination, amount: int
    ) -> None:
        order_id = data.draw(st.sampled_from(self.orders))
        self.refunds_asked += 1
        number_receipts("house", self.now)
        asked = RefundRequest(
            order_id, Wish(scope, destination, amount), "why", f"{self.refunds_asked}", "staff:1"
        )
        try:
            refund = ask(asked, self.now)
        except FlowRefused as refused:
            if refused.code not in NOT_REFUNDED:
                raise
            return
        if refund.needs_second:
            decide_refund(Decision(refund.id, allowed=True, reason="", actor="staff:2"), self.now)

    @precondition(lambda self: self.in_review())
    @rule(data=st.data(), verdict=st.sampled_from([approve, refuse]))
    def staff_look_at_a_payment(self, data: st.DataObject, verdict: Any) -> None:
        """Nobody may; then it is given up after a day."""
        verdict(data.draw(st.sampled_from(self.in_review())), "why", "staff:1", self.now)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def comes_back(self, data: st.DataObject) -> None:
        settle(data.draw(st.sampled_from(self.orders)), self.now)

    # --- providers

    def tells(self, provider: FakeProvider, payment_id: UUID, post: str) -> None:
        if post == "late":
            self.post_bag.append((provider.name, payment_id))
        elif post == "at once":
            self.webhook(provider.name, payment_id)

    def webhook(self, provider: str, payment_id: UUID) -> None:
        status = self.status(payment_id)
        back = [*status.disputes.values(), *status.refunds.values()]
        told = "-".join([status.status, *(one.status for one in back), str(status.refunded_minor)])
        kind = "refund.succeeded" if status.refunded_minor else "payment.captured"
        kind = "refund.refused" if status.refunds else kind
        kind = "dispute.opened" if status.disputes else kind
        body = f"evt_{payment_id}_{told} {payment_id} {kind}"
        with suppress(ProviderUnknown):  # whose payment is disputed is asked; it sends it again
            receive_webhook(provider, {"X-Good": "yes"}, body.encode(), self.now)

    @precondition(lambda self: self.undisputed())
    @rule(data=st.data(), post=POST)
    def a_bank_takes_back(self, data: st.DataObject, post: str) -> None:
        self.a_bank_says(data.draw(st.sampled_from(self.undisputed())), "open", post)

    @precondition(lambda self: self.disputed())
    @rule(data=st.data(), outcome=st.sampled_from(["won", "lost"]), post=POST)
    def a_bank_decides(self, data: st.DataObject, outcome: DisputeOutcome, post: str) -> None:
        self.a_bank_says(data.draw(st.sampled_from(self.disputed())), outcome, post)

    def a_bank_says(self, payment_id: UUID, outcome: DisputeOutcome, post: str) -> None:
        provider = self.provider_of(payment_id)
        assert provider is not None
        provider.dispute(payment_id, outcome)
        self.tells(provider, payment_id, post)

    @precondition(lambda self: self.given_back())
    @rule(data=st.data(), post=POST)
    def a_bank_bounces_a_refund(self, data: st.DataObject, post: str) -> None:
        payment_id, refund_id = data.draw(st.sampled_from(self.given_back()))
        provider = self.provider_of(payment_id)
        assert provider is not None
        provider.bounce(payment_id, refund_id)
        self.tells(provider, payment_id, post)

    @precondition(lambda self: self.renewed())
    @rule(data=st.data(), post=POST)
    def somebody_gives_back_at_their_desk(self, data: st.DataObject, post: str) -> None:
        """All that they have of it: of a part, a person would have to say which."""
        payment_id = data.draw(st.sampled_from(self.renewed()))
        provider, status = self.provider_of(payment_id), self.status(payment_id)
        assert provider is not None
        provider.refund_at_desk(payment_id, status.captured_minor - status.refunded_minor)
        self.tells(provider, payment_id, post)

    @precondition(lambda self: self.post_bag)
    @rule(data=st.data())
    def a_late_webhook_comes(self, data: st.DataObject) -> None:
        """It stays in the bag: it may come again."""
        self.webhook(*data.draw(st.sampled_from(self.post_bag)))

    @precondition(lambda self: self.declined())
    @rule(data=st.data(), post=POST)
    def a_decline_becomes_a_capture(self, data: st.DataObject, post: str) -> None:
        payment_id = data.draw(st.sampled_from(self.declined()))
        provider = self.provider_of(payment_id)
        assert provider is not None
        provider.pay(payment_id)
        self.tells(provider, payment_id, post)

    @rule(
        provider=st.sampled_from(PROVIDERS),
        silent=st.integers(0, 4),
        keeps_the_money=st.sampled_from([False, False, True]),
    )
    def a_provider_has_moods(self, provider: str, silent: int, keeps_the_money: bool) -> None:
        self.providers[provider].silent = silent
        self.providers[provider].refuse_refunds = keeps_the_money

    @rule(provider=st.sampled_from(PROVIDERS))
    def books_are_compared(self, provider: str) -> None:
        with suppress(ProviderUnknown):  # it is in a mood
            self.compares(provider)

    def compares(self, provider: str) -> Any:
        return reconcile(provider, NOW - timedelta(days=1), self.now, "worker", self.now)

    # --- the network, time and workers

    @rule(script=st.lists(st.sampled_from(["ok", "refuse", "refuse", "lost", "mute"]), max_size=3))
    def the_network_has_moods(self, script: list[str]) -> None:
        self.network.script = script

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def workers_work(self) -> None:
        work_off(self.now)

    # --- what must hold

    @invariant()
    def money_equals_service(self) -> None:
        assert audit(self.now, SAFE) == []

    def left_alone_all_totals_are_equal(self) -> None:
        """Late webhooks that have not come are lost now."""
        for provider in self.providers.values():
            provider.silent = 0
        self.network.script = []
        self.now = rest(self.now, timedelta(days=3))
        self.a_night_passes(self.now + timedelta(days=1))
        expected = self.by_the_providers()
        expected.update(self.given_twice)
        assert by_our_books() == expected
        unended = Order.objects.exclude(kind="opening").exclude(
            state__in=(
                OrderState.COMPLETED,
                OrderState.CANCELLED,
                OrderState.FAILED,
                OrderState.WITHDRAWN,
            )
        )
        assert not unended.exists()

    def a_night_passes(self, at: datetime) -> None:
        """Books are compared, what that found is worked off, and nothing is left for a person."""
        self.now = at
        number_receipts("house", at)
        for name in self.providers:
            self.compares(name)
        self.now = rest(self.now, timedelta(days=3))
        for name in self.providers:
            night = self.compares(name)
            twice = [one for one in night.left if self.is_given_twice(one)]
            assert night.left == twice
            for one in twice:
                self.given_twice[name, one.currency] += one.theirs_minor - one.ours_minor
            for currency, both in night.totals.items():
                assert both.ours_minor - both.theirs_minor == self.given_twice[name, currency]

    def is_given_twice(self, one: Difference) -> bool:
        """At the provider's desk, and by us into the wallet: only a person can have that back."""
        back = Refund.objects.filter(order_id=one.order_id)
        in_wallet = back.filter(Q(amount_minor__gt=F("method_minor")) | Q(state="to_wallet"))
        return one.kind is Kind.REFUND_NOT_BOOKED and in_wallet.exists()

    def by_the_providers(self) -> Totals:
        totals: Totals = Counter()
        for name, provider in self.providers.items():
            for status in provider.payments.values():
                held = with_the_provider(status)
                key = name, status.currency
                totals[key] += held
        return totals

    # --- who is where

    def provider_of(self, payment_id: UUID) -> FakeProvider | None:
        found = (one for one in self.providers.values() if payment_id in one.payments)
        return next(found, None)

    def status(self, payment_id: UUID) -> PaymentStatus:
        provider = self.provider_of(payment_id)
        assert provider is not None
        return provider.payments[payment_id]

    def pending(self) -> list[UUID]:
        return self.that_are("pending")

    def declined(self) -> list[UUID]:
        return self.that_are("declined")

    def undisputed(self) -> list[UUID]:
        """With money left that a bank can take back."""
        return [
            payment_id
            for payment_id in self.that_are("captured")
            if (found := self.status(payment_id)).captured_minor > found.refunded_minor
            and not found.disputes
        ]

    def renewed(self) -> list[UUID]:
        """Undisputed, and paid for what was carried out and has its receipt."""
        number_receipts("house", self.now)
        sold = Order.objects.filter(
            kind="renewal", state=OrderState.COMPLETED, receipt_number__isnull=False
        )
        paid = {payment_id_of(order_id) for order_id in sold.values_list("id", flat=True)}
        return [payment_id for payment_id in self.undisputed() if payment_id in paid]

    def disputed(self) -> list[UUID]:
        """Of which a bank has not decided."""
        return [
            payment_id
            for payment_id in self.that_are("captured")
            if any(one.status == "open" for one in self.status(payment_id).disputes.values())
        ]

    def given_back(self) -> list[tuple[UUID, UUID]]:
        """(payment, refund) of what the provider has made, and a bank may yet not take."""
        return [
            (payment_id, refund.refund_id)
            for payment_id in self.that_are("captured")
            for refund in self.status(payment_id).refunds.values()
            if refund.status == "refunded"
        ]

    def in_review(self) -> list[UUID]:
        rows = Order.objects.filter(id__in=self.orders, state=OrderState.PENDING)
        waiting = set(rows.values_list("id", flat=True))
        return [order_id for order_id in self.orders if order_id in waiting]

    def that_are(self, status: str) -> list[UUID]:
        every = [item for one in self.providers.values() for item in one.payments.items()]
        return [payment_id for payment_id, found in every if found.status == status]


@pytest.mark.django_db
@pytest.mark.books_broken  # they are audited after each step, and swept before the test ends
def test_clearing(effort: settings) -> None:
    limits.put_in_force(replace(limits.in_force(), review={"KWD": 1, "default": 10**6}))
    run_state_machine_as_test(ClearingMachine, settings=effort)
