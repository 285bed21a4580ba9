"""list_methods: what is saved, what it pays for, and what is about to end."""

from datetime import date

import pytest

from keepline.core.ways_to_pay import Way
from keepline.flows.list_methods import list_methods
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.saved import VISA, charged_for, saved

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return assemble()


def test_methods_with_the_lines_they_pay_for(cast: Cast, provider: FakeProvider) -> None:
    first, second = saved(cast, provider), saved(cast, provider)
    charged_for(cast, first)
    view = list_methods(cast.account.id, NOW)
    assert {card.method.id: [line.id for line in card.lines] for card in view.cards} == {
        first: [cast.line.id],
        second: [],
    }
    assert {card.method.label for card in view.cards} == {VISA}
    assert view.ways == [Way("sandbox", ("sandbox",))]
    assert list_methods(cast.other_account.id, NOW).cards == []


@pytest.mark.parametrize(
    ("expires_on", "expired", "soon"),
    [
        (None, False, False),
        (date(2026, 6, 30), False, False),
        (date(2026, 3, 31), False, True),
        (date(2026, 3, 9), False, True),  # its bank's last day may still be today
        (date(2026, 3, 8), True, True),
    ],
    ids=str,
)
def test_a_card_that_ends_is_seen(
    cast: Cast, provider: FakeProvider, expires_on: date | None, expired: bool, soon: bool
) -> None:
    saved(cast, provider, expires_on)
    [card] = list_methods(cast.account.id, NOW).cards
    assert (card.expired, card.expires_soon) == (expired, soon)


def test_it_asks_four_times_however_many(
    cast: Cast, provider: FakeProvider, django_assert_num_queries: object
) -> None:
    for _ in range(3):
        saved(cast, provider)
    with django_assert_num_queries(4):  # type: ignore[operator]
        list_methods(cast.account.id, NOW)
