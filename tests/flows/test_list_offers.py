"""What is on sale, page by page."""

from datetime import timedelta

import pytest

from keepline.flows import list_offers as module
from keepline.flows.list_offers import list_offers
from tests import cast as people
from tests.cast import NOW

pytestmark = pytest.mark.django_db


def codes(currency: str, line_kind: str | None = None, after: int = 0) -> list[str]:
    return [offer.code for offer in list_offers(currency, line_kind, NOW, after).offers]


def test_only_what_is_sold_now_in_this_currency() -> None:
    people.plan("now")
    people.plan("euro", currency="EUR")
    people.plan("soon", sold_from_at=NOW + timedelta(days=1))
    people.plan("gone", sold_until_at=NOW - timedelta(days=1))
    people.plan("other", line_kind="travel_sim")
    assert codes("USD") == ["now", "other"]
    assert codes("USD", "travel_sim") == ["other"]
    assert codes("EUR") == ["euro"]
    assert codes("GBP") == []


def test_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    for number in range(3):
        people.plan(f"plan-{number}")
    page = list_offers("USD", None, NOW)
    assert [offer.code for offer in page.offers] == ["plan-0", "plan-1"]
    assert page.plans.keys() == {offer.plan_id for offer in page.offers}
    assert page.next_after is not None
    last = list_offers("USD", None, NOW, page.next_after)
    assert [offer.code for offer in last.offers] == ["plan-2"]
    assert last.next_after is None
