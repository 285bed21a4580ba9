"""Two books that agree have no difference; each way to disagree has its name."""

from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.reconciliation import BookedPayment, Kind, Totals, compare, totals


@dataclass(frozen=True)
class Told:
    status: str = "captured"
    currency: str = "USD"
    captured_minor: int = 300
    refunded_minor: int = 0
    disputed_minor: int = 0


OURS = BookedPayment(uuid4(), uuid4(), "pay_1", "USD", 300, 0)


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        (OURS, Told(), None),
        (OURS, Told(refunded_minor=0), None),
        (replace(OURS, refunded_minor=300), Told(refunded_minor=300), None),
        (replace(OURS, captured_minor=0), Told("pending", captured_minor=0), None),
        (replace(OURS, captured_minor=0), Told("not_found", "", 0), None),
        (None, Told("pending", captured_minor=0), None),
        (None, Told(), Kind.UNKNOWN_HERE),
        (replace(OURS, captured_minor=0), Told(), Kind.NOT_BOOKED),
        (OURS, Told("not_found", "", 0), Kind.NOT_CAPTURED_THERE),
        (OURS, Told("declined", captured_minor=0), Kind.NOT_CAPTURED_THERE),
        (OURS, Told(captured_minor=299), Kind.AMOUNT_DIFFERS),
        (OURS, Told(currency="EUR"), Kind.AMOUNT_DIFFERS),
        (OURS, Told(refunded_minor=1), Kind.REFUND_NOT_BOOKED),
        (replace(OURS, refunded_minor=300), Told(), Kind.REFUND_MISSING),
        (OURS, Told(disputed_minor=300), Kind.DISPUTE_DIFFERS),
        (replace(OURS, disputed_minor=300), Told(), Kind.DISPUTE_DIFFERS),
        (replace(OURS, disputed_minor=300), Told(disputed_minor=300), None),
    ],
)
def test_each_disagreement_has_its_name(
    ours: BookedPayment | None, theirs: Told, kind: Kind | None
) -> None:
    payment_id = OURS.payment_id
    found = compare({payment_id: ours} if ours else {}, {payment_id: theirs})
    assert [one.kind for one in found] == ([kind] if kind else [])
    if ours:
        assert all(one.order_id == ours.order_id for one in found)


captures = st.integers(0, 5)
payments = st.dictionaries(
    st.uuids(), st.tuples(st.sampled_from(["USD", "EUR"]), captures, captures), max_size=8
)


@given(payments, payments)
def test_books_without_a_difference_have_equal_totals(
    mine: dict[UUID, tuple[str, int, int]], others: dict[UUID, tuple[str, int, int]]
) -> None:
    ours = {
        key: BookedPayment(key, key, None, currency, taken, min(taken, back))
        for key, (currency, taken, back) in mine.items()
    }
    theirs = {key: Told("not_found", "", 0) for key in ours} | {
        key: Told("captured" if taken else "pending", currency, taken, min(taken, back))
        for key, (currency, taken, back) in others.items()
    }
    sums = totals(ours.values(), theirs.values())
    if not compare(ours, theirs):
        assert all(both.ours_minor == both.theirs_minor for both in sums.values())
    copied = {
        key: Told(
            "captured" if one.captured_minor else "pending",
            one.currency,
            one.captured_minor,
            one.refunded_minor,
        )
        for key, one in ours.items()
    }
    assert compare(ours, copied) == []


def test_totals_are_by_currency() -> None:
    other = replace(OURS, currency="EUR", captured_minor=7, refunded_minor=2)
    assert totals([OURS, other], [Told(), Told(refunded_minor=100)]) == {
        "EUR": Totals(5, 0),
        "USD": Totals(300, 500),
    }
