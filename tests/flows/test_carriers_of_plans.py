"""Plans with several carriers behind them: what is bought, shown, renewed, taken over on them."""

import pytest

from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan
from keepline.core.lifecycle.order import OrderState
from keepline.core.renewal import is_served
from keepline.flows import buy_line
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.flows.importing.fields import RowRefused
from keepline.flows.importing.judging import Judge, Known
from keepline.flows.importing.judging import PlanFacts as KnownPlan
from keepline.flows.list_plans import list_plans
from keepline.flows.list_shop import list_shop
from keepline.flows.show_purchase import show_purchase
from keepline.flows.sweeping.tables import ALONE, SWEPT, mode_of
from keepline.inventory.models import Number, Profile
from keepline.lines.models import Line
from tests.cast import NOW, Cast, plan
from tests.doubles import ScriptedSmdp
from tests.flows.buying import request
from tests.flows.carrying import carried
from tests.inventory import shelves

pytestmark = pytest.mark.django_db


def bought(cast: Cast, key: str = "key-0001", **changes: object) -> Line:
    started = buy_line.start(request(cast, key=key, **changes), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED
    found: Line = Line.objects.by_id(started.order.served_line)
    return found


def refused(cast: Cast, **changes: object) -> str:
    with pytest.raises(FlowRefused) as caught:
        buy_line.start(request(cast, key="key-refused", **changes), NOW)
    return caught.value.code


def test_the_first_that_has_everything(smdp: ScriptedSmdp) -> None:
    cast, (a, b, c), (first, second, third) = carried(profiles=2)
    assert (bought(cast).carrier_id, Line.objects.filter(iccid=first[1]).count()) == (a.id, 1)
    line = bought(cast, "key-0002")
    assert (line.carrier_id, line.iccid) == (b.id, second[0]), "the first has none left"
    line = bought(cast, "key-0003", carrier=c.code)
    assert (line.carrier_id, line.iccid) == (c.id, third[0])
    assert refused(cast, carrier=a.code) == "sim_not_free"
    assert refused(cast, carrier="nobody") == "carrier_not_offered"
    Profile.objects.filter(state="available").update(state="unavailable")
    assert refused(cast) == "sim_not_free"


def test_number_and_sim_are_of_one_carrier(smdp: ScriptedSmdp) -> None:
    """Where the first has the SIM alone, nothing of it is kept."""
    cast, (a, b, _), (first, second, _) = carried(voice_seconds=60)
    (e164,) = shelves.numbers(shelves.pool("b-numbers", carrier=b), 1)
    line = bought(cast)
    assert (line.carrier_id, line.e164, line.iccid) == (b.id, e164, second[0])
    assert Profile.objects.get(iccid=first[1]).state == "available"
    assert refused(cast) == "none_free"
    (own,) = shelves.numbers(shelves.pool("own-numbers"), 1, first=shelves.FIRST + 50)
    Profile.objects.filter(iccid__in=[*first, *second], state="available").update(
        state="unavailable"
    )
    assert refused(cast, e164=own, carrier=a.code) == "sim_not_free"
    assert Number.objects.get(e164=own).state == "available"


def test_what_the_buyer_sees(smdp: ScriptedSmdp) -> None:
    cast, (a, b, c), (first, _, third) = carried(voice_seconds=60)
    (e164,) = shelves.numbers(shelves.pool("b-numbers", carrier=b), 1)
    Profile.objects.filter(iccid__in=third).update(state="unavailable")
    seen = show_purchase(cast.account.id, cast.plan.code, NOW)
    assert [(each.carrier.code, each.stocked) for each in seen.carriers] == [
        (a.code, False),  # no number
        (b.code, True),
        (c.code, False),
    ]
    assert (seen.hindrance, [each.e164 for each in seen.numbers]) == ("", [e164])
    Profile.objects.exclude(iccid=first[1]).update(state="unavailable")
    assert show_purchase(cast.account.id, cast.plan.code, NOW).hindrance == "sold_out"
    (shown,) = list_shop(cast.account.id, NOW, "country_esim").plans
    assert (shown.hindrance, shown.plan.carrier_names) == ("sold_out", "AIS, TRUE-TH, DTAC")


def test_one_carrier_is_no_choice(smdp: ScriptedSmdp) -> None:
    cast, (a, *_), _ = carried()
    Plan.objects.update(carrier_ids=[], carrier=a, keeps_profiles=False)
    catalog.forget()
    assert show_purchase(cast.account.id, cast.plan.code, NOW).carriers == []
    assert bought(cast, carrier=a.code).carrier_id == a.id
    assert refused(cast, carrier="true-th") == "carrier_not_offered"


def test_what_may_renew_a_line(smdp: ScriptedSmdp) -> None:
    cast, (a, b, _), _ = carried()
    same = {"line_kind": "country_esim"}
    plan("a-only", carrier=a, **same)
    plan("b-only", carrier=b, **same)
    plan("b-or-c", carrier_ids=[b.id, b.id + 1], **same)
    plan("any", **same)

    def offered() -> set[str]:
        choices = list_plans(cast.line.id, cast.account.id, NOW).choices
        return {each.offer.code for each in choices}

    assert offered() == {cast.plan.code, "a-only", "any"}
    Line.objects.update(carrier_id=b.id)
    assert offered() == {cast.plan.code, "b-only", "b-or-c", "any"}
    Line.objects.update(carrier_id=None)
    assert offered() == {cast.plan.code, "b-or-c", "any"}, "it may be on one of several"
    Line.objects.update(carrier_id=a.id)


@pytest.mark.parametrize(
    ("carriers", "carrier_id", "served"),
    [
        ((), None, True),
        ((), 1, True),
        ((1,), 1, True),
        ((1,), 2, False),
        ((1,), None, False),
        ((1, 2), 2, True),
        ((1, 2), 3, False),
        ((1, 2), None, True),
    ],
)
def test_who_is_served(carriers: tuple[int, ...], carrier_id: int | None, served: bool) -> None:
    assert is_served(carriers, carrier_id) is served


def test_the_sweep_renews_only_those_that_any_carrier_may_have() -> None:
    """A newer version that lost a carrier is looked at line by line."""
    _, (a, b, c), _ = carried(delivery="ledger")
    old = Plan.objects.get(carrier_ids=[a.id, b.id, c.id])
    for behind, mode in (([a.id, b.id, c.id], SWEPT), ([], SWEPT), ([a.id, b.id], ALONE)):
        Plan.objects.filter(code=old.code).update(sold_until_at=NOW)
        plan(
            old.code,
            version=Plan.objects.count() + 1,
            carrier_ids=behind,
            line_kind="country_esim",
            data_bytes=10**9,
        )
        catalog.forget()
        tariff = catalog.tariff_of(old.id, "USD", NOW)
        assert mode_of(tariff) == mode, behind


def test_a_base_is_taken_over_onto_carriers_of_its_plans() -> None:
    known = Known({}, {"one": 1, "two": 2, "three": 3}, NOW)
    judge = Judge.__new__(Judge)
    judge.known = known
    several = KnownPlan(1, 1, "country_esim", frozenset({"USD"}), (1, 2))
    assert judge._carrier("two", several) == 2
    assert judge._carrier("", several) is None
    with pytest.raises(RowRefused, match="not_the_plans"):
        judge._carrier("three", several)
    one = KnownPlan(1, 1, "country_esim", frozenset({"USD"}), (1,))
    assert judge._carrier("", one) == 1
