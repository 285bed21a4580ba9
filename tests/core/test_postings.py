"""Postings: whatever happens to orders, the ledger sums to zero and nobody is overdrawn."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from fractions import Fraction
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from keepline.core import dispute_postings, postings, refund_postings
from keepline.core.ids import derived_id, make_id, slot_of
from keepline.core.money import Money
from keepline.core.postings import (
    MONEY_IN,
    Balance,
    HouseCode,
    Part,
    Phase,
    Sale,
    TransferCode,
    TransferDraft,
    fold_balances,
    house_account_id,
)
from keepline.core.transfer_ids import transfer_ids

SLOT, WALLET = 9, make_id(9, 1, 1)
BOTH: tuple[Part, Part] = ("wallet", "payment")
amounts = st.integers(0, 10**9)


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    wallet, payment = draw(amounts), draw(amounts)
    return Sale(
        order_id=make_id(SLOT, draw(st.integers(0, 10**12)), draw(st.integers(0, 2**62))),
        wallet_id=WALLET,
        currency="EUR",
        wallet_minor=wallet,
        payment_minor=payment,
        tax_minor=draw(st.integers(0, wallet + payment)),
    )


def house(code: HouseCode, party: str = "") -> UUID:
    return house_account_id(code, "EUR", party)


def posted(transfers: list[TransferDraft], account_id: UUID) -> int:
    return fold_balances(transfers).get(account_id, Balance()).posted_minor


def well_formed(transfers: list[TransferDraft]) -> bool:
    return all(
        t.amount_minor > 0
        and t.debit_id != t.credit_id
        and slot_of(t.id) == SLOT
        and (t.hold_id is None) == (t.phase in (Phase.SINGLE, Phase.HOLD))
        for t in transfers
    )


@given(sales(), st.sets(st.sampled_from(BOTH)))
def test_a_sale_moves_the_total_however_much_of_it_was_held(sale: Sale, held: set[Part]) -> None:
    parts = [part for part in BOTH if part in held]
    holds = [draft for part in parts for draft in postings.hold(sale, part)]
    drafts = holds + postings.sell(sale, parts)
    total = sale.wallet_minor + sale.payment_minor
    assert well_formed(drafts)
    assert len({draft.id for draft in drafts}) == len(drafts)
    assert posted(drafts, WALLET) == -total
    assert posted(drafts, house(HouseCode.DEFERRED_REVENUE)) == total - sale.tax_minor
    assert posted(drafts, house(HouseCode.TAX_PAYABLE)) == sale.tax_minor
    assert fold_balances(drafts).get(WALLET, Balance()).pending_minor == 0
    assert fold_balances(holds).get(WALLET, Balance()).pending_minor == sum(
        sale.amount_of(part) for part in parts
    )


@given(sales(), st.sets(st.sampled_from(BOTH)))
def test_a_voided_hold_leaves_nothing(sale: Sale, held: set[Part]) -> None:
    parts = [part for part in BOTH if part in held]
    drafts = [draft for part in parts for draft in postings.hold(sale, part)]
    drafts += postings.void(sale, parts)
    assert well_formed(drafts)
    assert all(balance == Balance(0, 0) for balance in fold_balances(drafts).values())
    ended = {draft.hold_id for draft in drafts if draft.phase == Phase.VOID}
    assert ended == {draft.id for draft in drafts if draft.phase == Phase.HOLD}


@given(sales(), st.integers(1, 10**9))
def test_a_refund_brings_clearing_back_to_zero(sale: Sale, captured: int) -> None:
    payment_id = derived_id(sale.order_id, "payment")
    drafts = postings.capture(sale, "sandbox", captured)
    assert posted(drafts, WALLET) == captured
    assert posted(drafts, house(HouseCode.CLEARING, "sandbox")) == -captured
    drafts += postings.begin_refund(sale, payment_id, captured)
    assert posted(drafts, WALLET) == 0, "what is on its way back cannot be spent"
    kept = drafts + refund_postings.refund_into_wallet(sale, payment_id, captured)
    drafts += refund_postings.end_refund(sale, payment_id, "sandbox", captured)
    bounced = drafts + refund_postings.bounce_refund(sale, payment_id, "sandbox", captured)
    assert posted(bounced, WALLET) == captured
    assert posted(bounced, house(HouseCode.CLEARING, "sandbox")) == -captured
    assert well_formed(bounced)
    assert all(balance == Balance(0, 0) for balance in fold_balances(drafts).values())
    assert posted(kept, WALLET) == captured
    assert posted(kept, house(HouseCode.REFUNDS_IN_TRANSIT)) == 0
    assert well_formed(drafts)
    assert well_formed(kept)


@given(sales(), st.fractions(0, 1), st.fractions(0, 1), st.fractions(0, 1))
def test_a_sale_that_goes_back_is_the_holders_again(
    sale: Sale, net: Fraction, earned: Fraction, taxed: Fraction
) -> None:
    """It passes through the wallet, and none of the house's accounts keeps what went back."""
    total = sale.wallet_minor + sale.payment_minor
    back, tax = int((total - sale.tax_minor) * net), int(sale.tax_minor * taxed)
    deferred = int(back * earned)
    refund_id = derived_id(sale.order_id, "refund")
    parts = postings.Returned(deferred, back - deferred, tax, 7)
    drafts = postings.return_sale(sale, refund_id, parts)
    assert well_formed(drafts)
    assert posted(drafts, WALLET) == back + tax
    assert posted(drafts, house(HouseCode.DEFERRED_REVENUE)) == -deferred - 7
    assert posted(drafts, house(HouseCode.REVENUE)) == 7 - (back - deferred)
    assert posted(drafts, house(HouseCode.TAX_PAYABLE)) == -tax
    sent = drafts + postings.begin_refund(sale, refund_id, back + tax)
    assert posted(sent, WALLET) == 0
    known = transfer_ids(sale.order_id, [refund_id])
    assert {draft.id for draft in sent} <= set(known)
    assert len(known) == len(set(known))


@given(sales(), amounts, st.fractions(0, 1))
def test_each_currency_balances_by_itself(sale: Sale, paid_minor: int, part: Fraction) -> None:
    payment_id, paid = derived_id(sale.order_id, "payment"), Money(paid_minor, "JPY")
    drafts = postings.capture_exchanged(sale, "sandbox", paid)
    assert posted(drafts, WALLET) == sale.payment_minor
    assert _sums(drafts) <= {0}
    back, paid_back = int(sale.payment_minor * part), Money(int(paid_minor * part), "JPY")
    drafts += postings.begin_exchanged_refund(sale, payment_id, back, paid_back)
    assert posted(drafts, WALLET) == sale.payment_minor - back
    assert posted(drafts, house(HouseCode.EXCHANGE)) == back - sale.payment_minor
    held = house_account_id(HouseCode.EXCHANGE, "JPY")
    assert posted(drafts, held) == paid_minor - paid_back.amount_minor
    assert _sums(drafts) <= {0}
    in_yen = replace(sale, currency="JPY")
    drafts += refund_postings.end_refund(in_yen, payment_id, "sandbox", paid_back.amount_minor)
    clearing = house_account_id(HouseCode.CLEARING, "JPY", "sandbox")
    assert posted(drafts, clearing) == paid_back.amount_minor - paid_minor
    assert posted(drafts, house_account_id(HouseCode.REFUNDS_IN_TRANSIT, "JPY")) == 0
    assert well_formed(drafts)


def _sums(drafts: list[TransferDraft]) -> set[int]:
    """What the accounts of each currency sum to."""
    by_currency = defaultdict(list)
    for draft in drafts:
        by_currency[draft.currency].append(draft)
    return {
        sum(balance.posted_minor for balance in fold_balances(mine).values())
        for mine in by_currency.values()
    }


@given(sales(), st.integers(1, 10**9), st.fractions(0, 1), st.booleans())
def test_a_dispute_leaves_nothing_claimed_when_it_is_decided(
    sale: Sale, amount: int, share: Fraction, won: bool
) -> None:
    """Of a top-up: what is in the wallet is held, the rest is the house's loss."""
    dispute_id, held = derived_id(sale.order_id, "dispute"), int(amount * share)
    drafts = postings.capture(sale, "sandbox", amount)
    drafts += dispute_postings.open_dispute(sale, dispute_id, "sandbox", amount)
    drafts += dispute_postings.hold_disputed(sale, dispute_id, held)
    assert posted(drafts, house(HouseCode.CLEARING, "sandbox")) == 0
    assert posted(drafts, house(HouseCode.DISPUTED)) == -amount
    if won:
        drafts += dispute_postings.win_dispute(sale, dispute_id, "sandbox", amount)
        drafts += dispute_postings.free_disputed(sale, dispute_id, held)
    else:
        drafts += dispute_postings.take_disputed(sale, dispute_id, held)
        drafts += dispute_postings.write_off(sale, dispute_id, amount - held)
    assert well_formed(drafts)
    assert {draft.id for draft in drafts} <= set(transfer_ids(sale.order_id, [], [dispute_id]))
    balances = defaultdict(Balance, fold_balances(drafts))
    assert balances[house(HouseCode.DISPUTED)] == Balance(0, 0)
    assert balances[WALLET] == Balance(amount if won else amount - held, 0)
    losses = 0 if won else held - amount
    assert balances[house(HouseCode.DISPUTE_LOSSES)].posted_minor == losses


@given(sales())
def test_the_same_step_makes_the_same_rows(sale: Sale) -> None:
    again = replace(sale)
    assert postings.sell(sale, BOTH) == postings.sell(again, BOTH)
    assert postings.hold(sale, "wallet") == postings.hold(again, "wallet")


def test_what_credits_a_wallet_is_named_as_money_in() -> None:
    """The statement of a wallet and its index know money that comes in by these codes."""
    sale = Sale(make_id(SLOT, 1, 1), WALLET, "EUR", 100, 200, 30)
    payment_id = derived_id(sale.order_id, "payment")
    steps = [
        *postings.capture(sale, "sandbox", 200),
        *postings.capture_exchanged(sale, "sandbox", Money(295, "JPY")),
        *postings.begin_exchanged_refund(sale, payment_id, 200, Money(295, "JPY")),
        *postings.hold(sale, "wallet"),
        *postings.sell(sale, ("wallet",)),
        *postings.begin_refund(sale, payment_id, 200),
        *refund_postings.end_refund(sale, payment_id, "sandbox", 200),
        *refund_postings.refund_into_wallet(sale, payment_id, 200),
        *refund_postings.bounce_refund(sale, payment_id, "sandbox", 200),
        *postings.return_sale(sale, payment_id, postings.Returned(1, 2, 3, 4)),
        postings.opening_balance(sale.order_id, WALLET, 5, "EUR"),
    ]
    for draft in steps:
        assert draft.credit_id != WALLET or draft.code in MONEY_IN, draft
        assert draft.debit_id != WALLET or draft.code not in MONEY_IN, draft
    assert {int(code) for code in TransferCode} >= MONEY_IN


def test_a_house_account_is_found_again_by_what_it_is() -> None:
    names = [
        (code, currency, party)
        for code in HouseCode
        for currency in ("EUR", "USD")
        for party in ("", "sandbox", "stripe")
    ]
    found = {house_account_id(*name) for name in names}
    assert len(found) == len(names)
    assert {slot_of(account_id) for account_id in found} == {0}
    assert str(house_account_id("clearing", "EUR", "sandbox")) == CLEARING_EUR_SANDBOX


# The first 64 bits of SHA-256 of house:clearing:EUR:sandbox; ids like it are in databases.
CLEARING_EUR_SANDBOX = "00000000-0000-7000-a96d-37c08d756b1c"


@dataclass
class Order:
    """One order on its way, as the test believes it to be."""

    sale: Sale
    held: list[Part] = field(default_factory=list)
    captured_minor: int = 0
    state: str = "open"


class Ledger(RuleBasedStateMachine):
    """One wallet and any number of orders, in any order of steps that the flows could take."""

    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.transfers: dict[UUID, TransferDraft] = {}
        self.all: list[Order] = []
        self.sold = self.tax = self.money_in = self.given_back = 0

    def book(self, drafts: list[TransferDraft]) -> None:
        """As the database does: an id that is there moves nothing."""
        assert well_formed(drafts)
        for draft in drafts:
            assert self.transfers.setdefault(draft.id, draft) == draft

    def balance(self, account_id: UUID = WALLET) -> Balance:
        return fold_balances(self.transfers.values()).get(account_id, Balance())

    def free(self) -> int:
        return self.balance().posted_minor - self.balance().pending_minor

    @rule(amount=st.integers(1, 5000))
    def bring_along(self, amount: int) -> None:
        cause_id = make_id(SLOT, len(self.transfers), amount)
        self.book([postings.opening_balance(cause_id, WALLET, amount, "EUR")])
        self.money_in += amount

    @rule(
        target=orders,
        total=st.integers(0, 5000),
        part=st.fractions(0, 1),
        tax=st.fractions(0, 1),
        hold=st.booleans(),
    )
    def start(self, total: int, part: Fraction, tax: Fraction, hold: bool) -> Order:
        from_wallet = min(int(total * part), self.free())
        order_id = make_id(SLOT, len(self.all), 77)
        sale = Sale(order_id, WALLET, "EUR", from_wallet, total - from_wallet, int(total * tax))
        order = Order(sale)
        self.all.append(order)
        if hold or sale.payment_minor:
            self.book(postings.hold(sale, "wallet"))
            order.held.append("wallet")
        elif sale.wallet_minor:
            self.fulfil(order)
        return order

    @rule(order=orders, then=st.sampled_from(["hold", "fulfil", "fail"]))
    def capture(self, order: Order, then: str) -> None:
        """In one transaction with what follows: another order must not spend this money."""
        self.book(postings.capture(order.sale, "sandbox", order.sale.payment_minor))
        if order.captured_minor or order.sale.payment_minor == 0:
            return
        order.captured_minor = order.sale.payment_minor
        self.money_in += order.captured_minor
        if order.state == "failed":  # too late: back the way it came
            self.refund(order)
        elif then == "hold":
            self.book(postings.hold(order.sale, "payment"))
            order.held.append("payment")
        elif then == "fulfil":
            self.fulfil(order)
        else:
            self.fail(order)

    @rule(order=orders)
    def deliver(self, order: Order) -> None:
        if order.state == "open" and order.captured_minor == order.sale.payment_minor:
            self.fulfil(order)

    def fulfil(self, order: Order) -> None:
        self.book(postings.sell(order.sale, order.held))
        order.state = "sold"
        self.sold += order.sale.wallet_minor + order.sale.payment_minor
        self.tax += order.sale.tax_minor

    @rule(order=orders)
    def fail(self, order: Order) -> None:
        if order.state == "open":
            self.book(postings.void(order.sale, order.held))
            order.state = "failed"
            self.refund(order)

    def refund(self, order: Order) -> None:
        payment_id = derived_id(order.sale.order_id, "payment")
        self.book(postings.begin_refund(order.sale, payment_id, order.captured_minor))

    @rule(order=orders, agreed=st.booleans())
    def answer_refund(self, order: Order, agreed: bool) -> None:
        if order.state != "failed" or order.captured_minor == 0:
            return
        payment_id, amount = derived_id(order.sale.order_id, "payment"), order.captured_minor
        if agreed:
            self.book(refund_postings.end_refund(order.sale, payment_id, "sandbox", amount))
            self.given_back += amount
        else:
            self.book(refund_postings.refund_into_wallet(order.sale, payment_id, amount))
        order.state = "refunded"

    @rule(order=orders)
    def repeat_the_last_step(self, order: Order) -> None:
        """A commit of unknown outcome is done again."""
        before = dict(self.transfers)
        if order.state == "sold":
            self.book(postings.sell(order.sale, order.held))
        elif order.state in ("failed", "refunded"):
            self.book(postings.void(order.sale, order.held))
        assert self.transfers == before

    @invariant()
    def money_is_where_it_should_be(self) -> None:
        balances = defaultdict(Balance, fold_balances(self.transfers.values()))
        assert sum(balance.posted_minor for balance in balances.values()) == 0
        wallet = balances[WALLET]
        assert 0 <= wallet.pending_minor <= wallet.posted_minor, "nobody is overdrawn"
        open_orders = [order for order in self.all if order.state == "open"]
        held = sum(order.sale.amount_of(part) for order in open_orders for part in order.held)
        assert wallet.pending_minor == held
        in_transit = sum(o.captured_minor for o in self.all if o.state == "failed")
        assert balances[house(HouseCode.REFUNDS_IN_TRANSIT)].posted_minor == in_transit
        spent = self.sold + self.given_back + in_transit
        assert wallet.posted_minor == self.money_in - spent
        assert balances[house(HouseCode.TAX_PAYABLE)].posted_minor == self.tax
        deferred = balances[house(HouseCode.DEFERRED_REVENUE)].posted_minor
        assert deferred == self.sold - self.tax


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
