"""Which tax a sale bears: by whose country, and by the instant."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from keepline.core.taxes import PLANS_OWN, TaxRate, TaxRules, Treatment, treatment

START = datetime(2020, 1, 1, tzinfo=UTC)
RAISED = datetime(2026, 1, 1, tzinfo=UTC)
RATES = {
    "DE": (
        TaxRate(190_000, inclusive=True, since_at=START, source="s"),
        TaxRate(200_000, inclusive=True, since_at=RAISED, source="s"),
    ),
    "US": (TaxRate(70_000, inclusive=False, since_at=START, source="s"),),
}
HOLDERS = TaxRules("holder", "DE", RATES)
MOMENT = timedelta(microseconds=1)


def test_the_rate_of_the_instant() -> None:
    assert treatment(HOLDERS, "DE", START) == Treatment("DE", 190_000, inclusive=True)
    assert treatment(HOLDERS, "DE", RAISED - MOMENT) == Treatment("DE", 190_000, inclusive=True)
    assert treatment(HOLDERS, "DE", RAISED) == Treatment("DE", 200_000, inclusive=True)
    assert treatment(HOLDERS, "US", RAISED) == Treatment("US", 70_000, inclusive=False)


def test_what_the_table_does_not_tell_is_as_the_plan_says() -> None:
    assert treatment(HOLDERS, "", RAISED) is None
    assert treatment(HOLDERS, "KP", RAISED) is None
    assert treatment(HOLDERS, "DE", START - MOMENT) is None
    assert treatment(PLANS_OWN, "DE", RAISED) is None
    only_us = TaxRules("holder", "", RATES, frozenset({"US"}))
    assert treatment(only_us, "DE", RAISED) is None
    assert treatment(only_us, "US", RAISED) is not None
    assert (HOLDERS.countries(), only_us.countries()) == (["DE", "US"], ["US"])


def test_the_sellers_country_counts_for_everybody() -> None:
    sellers = TaxRules("seller", "DE", RATES)
    assert treatment(sellers, "US", RAISED) == Treatment("DE", 200_000, inclusive=True)
    assert treatment(sellers, "", RAISED) == Treatment("DE", 200_000, inclusive=True)


@given(st.lists(st.integers(0, 5000), min_size=1, unique=True), st.integers(-10, 5010))
def test_the_youngest_that_has_begun(days: list[int], on: int) -> None:
    rates = tuple(
        TaxRate(day, inclusive=True, since_at=START + timedelta(days=day), source="s")
        for day in sorted(days)
    )
    found = treatment(TaxRules("holder", "", {"XX": rates}), "XX", START + timedelta(days=on))
    begun = [day for day in days if day <= on]
    assert (found.rate_ppm if found else None) == (max(begun) if begun else None)
