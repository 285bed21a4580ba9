"""The ledger under any sequence of steps and repeats: balances are what the fold of core says."""

from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from keepline.core import postings, refund_postings
from keepline.core.ids import slot_of
from keepline.core.postings import Balance, Sale, TransferDraft, fold_balances
from keepline.flows.audit_books import audit, invariants
from keepline.ledger import services as ledger
from keepline.ledger.models import Transfer, Wallet
from keepline.slots.ids import new_id
from tests import cast as stage
from tests.cast import NOW

ABOUT_MONEY_ALONE = (1, 2, 3)  # transfers without orders: the others would miss those
AMOUNTS = st.integers(1, 900)


class LedgerMachine(RuleBasedStateMachine):
    """Two wallets of one account. What was accepted is kept beside, and folded."""

    sales = Bundle("sales")
    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.account = stage.account(stage.person("alice"))
        ledger.open_house_accounts(["EUR"], ["sandbox"])
        self.wallets = {
            currency: ledger.open_wallet(self.account.id, currency).id
            for currency in ("USD", "EUR")
        }
        self.accepted: dict[UUID, TransferDraft] = {}

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.before)

    def try_to_book(self, drafts: list[TransferDraft]) -> bool:
        """Books all or nothing; the database has the last word."""
        try:
            with transaction.atomic():
                ledger.book(slot_of(self.account.id), drafts, NOW)
        except IntegrityError:
            return False
        self.accepted.update({d.id: self.accepted.get(d.id, d) for d in drafts})
        return True

    def balance(self, wallet_id: UUID) -> Balance:
        return fold_balances(self.accepted.values()).get(wallet_id, Balance())

    def covers(self, drafts: list[TransferDraft]) -> bool:
        """Would the fold with these stay at or above zero?"""
        folded = fold_balances([*self.accepted.values(), *(d for d in drafts if self.new(d))])
        balances = [folded.get(wallet_id, Balance()) for wallet_id in self.wallets.values()]
        return all(b.posted_minor >= b.pending_minor >= 0 for b in balances)

    def new(self, draft: TransferDraft) -> bool:
        return draft.id not in self.accepted

    def book(self, drafts: list[TransferDraft]) -> None:
        """The database accepts exactly what the oracle can cover."""
        legal = self.covers(drafts) and not self.ends_twice(drafts)
        assert self.try_to_book(drafts) == legal

    def ends_twice(self, drafts: list[TransferDraft]) -> bool:
        ended = {d.hold_id for d in self.accepted.values() if d.hold_id}
        return any(d.hold_id in ended for d in drafts if d.hold_id and self.new(d))

    @rule(target=sales, currency=st.sampled_from(["USD", "EUR"]), wallet=AMOUNTS, paid=AMOUNTS)
    def an_order(self, currency: str, wallet: int, paid: int) -> Sale:
        order_id = new_id(slot_of(self.account.id))
        return Sale(order_id, self.wallets[currency], currency, wallet, paid, (wallet + paid) // 10)

    @rule(currency=st.sampled_from(["USD", "EUR"]), amount=AMOUNTS)
    def money_comes(self, currency: str, amount: int) -> None:
        cause = new_id(slot_of(self.account.id))
        self.book([postings.opening_balance(cause, self.wallets[currency], amount, currency)])

    @rule(sale=sales)
    def captured(self, sale: Sale) -> None:
        self.book(postings.capture(sale, "sandbox", sale.payment_minor))

    @rule(target=held, sale=sales, part=st.sampled_from(["wallet", "payment"]))
    def hold(self, sale: Sale, part: Any) -> Any:
        drafts = postings.hold(sale, part)
        self.book(drafts)
        return (sale, part) if drafts[0].id in self.accepted else multiple()

    @rule(one=held)
    def post(self, one: Any) -> None:
        sale, part = one
        self.book([d for d in postings.sell(sale, [part]) if d.phase == "post"])

    @rule(one=held)
    def void(self, one: Any) -> None:
        self.book(postings.void(one[0], [one[1]]))

    @rule(one=consumes(held))
    def post_and_void_in_one_breath(self, one: Any) -> None:
        sale, part = one
        post = [d for d in postings.sell(sale, [part]) if d.phase == "post"]
        both = [*post, *postings.void(sale, [part])]
        if all(self.new(draft) for draft in both):
            assert not self.try_to_book(both)

    @rule(sale=sales)
    def sell_at_once(self, sale: Sale) -> None:
        self.book(postings.sell(sale, []))

    @rule(sale=sales)
    def refund(self, sale: Sale) -> None:
        payment_id = sale.order_id
        self.book(postings.begin_refund(sale, payment_id, sale.payment_minor))
        if any(d.order_id == sale.order_id and d.code == 8 for d in self.accepted.values()):
            self.book(refund_postings.end_refund(sale, payment_id, "sandbox", sale.payment_minor))

    @rule(data=st.data())
    def a_repeat(self, data: st.DataObject) -> None:
        if self.accepted:
            draft = data.draw(st.sampled_from(list(self.accepted.values())))
            assert self.try_to_book([draft])

    @invariant()
    def balances_are_the_fold(self) -> None:
        rows = list(Transfer.objects.all())
        assert {row.id for row in rows} == set(self.accepted)
        assert fold_balances(rows) == fold_balances(self.accepted.values())
        for wallet_id in self.wallets.values():
            row = Wallet.objects.by_id(wallet_id)
            balance = self.balance(wallet_id)
            assert (row.posted_minor, row.pending_minor) == (
                balance.posted_minor,
                balance.pending_minor,
            )

    @invariant()
    def the_books_are_right(self) -> None:
        assert audit(NOW, [one for one in invariants() if one.number in ABOUT_MONEY_ALONE]) == []


@pytest.mark.django_db
@pytest.mark.books_broken
def test_ledger(effort: settings) -> None:
    run_state_machine_as_test(LedgerMachine, settings=effort)
