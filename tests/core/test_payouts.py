"""Payouts: whatever is settled and paid out, each currency sums to zero."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from keepline.core.ids import slot_of
from keepline.core.payouts import Payout, movements
from keepline.core.postings import HouseCode, fold_balances, house_account_id

DAY = date(2026, 3, 10)
amounts = st.integers(-(10**9), 10**9)
fees = st.integers(0, 10**7)


def stands(payouts: list[Payout], code: HouseCode, party: str = "stripe") -> int:
    balances = fold_balances(draft for payout in payouts for draft in movements(payout))
    account = house_account_id(code, "EUR", party)
    return balances[account].posted_minor if account in balances else 0


@given(st.lists(st.tuples(amounts, fees, st.booleans()), max_size=8))
def test_what_leaves_clearing_is_at_the_bank_owed_or_a_fee(
    rows: list[tuple[int, int, bool]],
) -> None:
    payouts = [
        Payout("stripe", f"po_{place}", "EUR", amount, fee, DAY, DAY if paid else None)
        for place, (amount, fee, paid) in enumerate(rows)
    ]
    drafts = [draft for payout in payouts for draft in movements(payout)]
    assert all(draft.amount_minor > 0 and slot_of(draft.id) == 0 for draft in drafts)
    assert len({draft.id for draft in drafts}) == len(drafts)
    assert stands(payouts, HouseCode.CLEARING) == sum(amount + fee for amount, fee, _ in rows)
    assert stands(payouts, HouseCode.BANK, "") == -sum(amount for amount, _, paid in rows if paid)
    assert stands(payouts, HouseCode.PAYMENT_FEES) == -sum(fee for _, fee, _ in rows)
    still = sum(amount for amount, _, paid in rows if not paid)
    assert stands(payouts, HouseCode.PROVIDER_RECEIVABLE) == -still


def test_a_payout_is_known_by_provider_and_reference() -> None:
    one = Payout("stripe", "po_1", "EUR", 100, 3, DAY, DAY)
    ids = [draft.id for draft in movements(one)]
    assert ids == [draft.id for draft in movements(replace(one, settled_on=date(2026, 3, 11)))]
    for other in (
        Payout("stripe", "po_2", "EUR", 100, 3, DAY, DAY),
        Payout("paypal", "po_1", "EUR", 100, 3, DAY, DAY),
    ):
        assert not set(ids) & {draft.id for draft in movements(other)}
