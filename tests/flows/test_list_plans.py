"""list_plans: exactly what renew_line would accept, by term, then price."""

from datetime import timedelta

import pytest

from keepline.catalog.models import Carrier, Plan
from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.list_plans import list_plans
from tests import cast
from tests.cast import NOW, assemble
from tests.flows.acts import request

pytestmark = pytest.mark.django_db


def test_by_term_then_price_with_tax_and_the_plan_of_today() -> None:
    stage = assemble(wallet_minor=9000)
    cast.plan("year", term="P1Y", price_minor=2000)
    cast.plan("month-cheap", price_minor=200, tax_rate_ppm=100_000, tax_inclusive=False)
    cast.plan("week", term="P7D", price_minor=900)
    found = list_plans(stage.line.id, stage.account.id, NOW)
    assert [c.offer.code for c in found.choices] == ["week", "month-cheap", "keep-1m", "year"]
    assert [c.quote.total_minor for c in found.choices] == [900, 220, 300, 2000]
    assert [c.offer.code for c in found.choices if c.current] == ["keep-1m"]


def test_what_is_listed_is_accepted_and_what_is_not_is_refused() -> None:
    stage = assemble(wallet_minor=90_000)
    other = Carrier.objects.create(code="other", name="Other", country="DE")
    cast.plan("fits")
    cast.plan("other-kind", line_kind="travel_sim")
    cast.plan("other-carrier", carrier=other)
    cast.plan("other-currency", currency="EUR")
    cast.plan("off-sale", sold_until_at=NOW - timedelta(days=1))
    listed = {c.offer.code for c in list_plans(stage.line.id, stage.account.id, NOW).choices}
    assert listed == {"keep-1m", "fits"}
    for number, code in enumerate(Plan.objects.values_list("code", flat=True)):
        asked = request(stage, plan_code=code, key=f"key-100{number}")
        if code in listed:
            renew_line.start(asked, NOW)
        else:
            with pytest.raises(FlowRefused):
                renew_line.start(asked, NOW)


def test_another_accounts_line_is_not_there() -> None:
    stage = assemble()
    with pytest.raises(FlowRefused, match="not_found"):
        list_plans(stage.line.id, stage.other_account.id, NOW)
