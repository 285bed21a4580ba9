"""load_preset: the five shipped catalogues, versions instead of edits, honest errors."""

from datetime import timedelta

import pytest

from keepline.catalog import reading
from keepline.catalog.models import Plan, PlanPrice, Policy
from keepline.catalog.queries import offer_on_sale, plan_offer
from keepline.core.terms import Term
from keepline.flows import load_preset
from keepline.ledger.models import HouseAccount
from tests.cast import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", load_preset.shipped())
def test_a_preset_loads_and_again_changes_nothing(name: str) -> None:
    loaded = load_preset.load_preset(name, "test", NOW)
    assert loaded.plans == len(loaded.changed) == Plan.objects.count()
    assert load_preset.load_preset(name, "test", NOW + timedelta(days=1)).changed == ()
    for price in PlanPrice.objects.select_related("plan"):
        assert Term.parse(price.plan.term)
        assert HouseAccount.objects.filter(currency=price.currency).exists()
    policy = Policy.objects.get()
    assert policy.quarantine_days >= 45
    assert policy.source


def test_a_changed_plan_is_a_new_version_and_the_sold_one_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load_preset.load_preset("keep_alive", "test", NOW)
    sold = offer_on_sale("ka-1m", "USD", NOW)
    assert sold is not None
    # The last time that it stands there: fees of the policy come before plans.
    text = 'USD = "3.50"'.join(reading.preset_text("keep_alive").rsplit('USD = "3"', 1))
    monkeypatch.setattr(load_preset, "preset_text", lambda name: text)
    assert load_preset.load_preset("keep_alive", "test", NOW).changed == ("ka-1m",)
    fresh = offer_on_sale("ka-1m", "USD", NOW)
    assert fresh is not None
    assert (fresh.version, fresh.price_minor) == (2, 350)
    assert plan_offer(sold.plan_id, "USD").price_minor == 300


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("quarantine_days = 180", "quarantine_days = 30", "legal 45"),
        ('term = "P1M"', 'term = "P1M7D"', "plan ka-1m: term"),
        ('USD = "3"', 'USD = "3.999"', "price USD"),
        ('USD = "3"', 'XXY = "3"', "price XXY"),
        ('zh-hans = "保号 1个月"', 'de = "x"', "zh-hans"),
        ("[policy]", "[policy", "keep_alive"),
        ("sms = 60", 'sms = "some"', "plan ka-talk-1y: sms"),
    ],
)
def test_an_error_names_plan_and_field(old: str, new: str, says: str) -> None:
    # The last time that it stands there: fees of the policy come before plans.
    text = new.join(reading.preset_text("keep_alive").rsplit(old, 1))
    with pytest.raises(reading.CatalogRefused, match=says):
        reading.read_catalog("keep_alive", text)


def test_a_preset_that_is_not_there() -> None:
    with pytest.raises(reading.CatalogRefused, match="no preset"):
        load_preset.load_preset("nothing", "test", NOW)


def test_a_longer_quarantine_than_the_catalogue_has() -> None:
    assert load_preset.load_preset("local_data_sim", "test", NOW, 90).plans
    with pytest.raises(reading.CatalogRefused, match="local_data_sim, policy: quarantine_days"):
        load_preset.load_preset("local_data_sim", "test", NOW, 91)
    assert Policy.objects.count() == 1
