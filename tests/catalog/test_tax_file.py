"""The shipped table of taxes, and an operator's own over it."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from keepline.catalog import tax_file
from keepline.config import wiring
from keepline.config.environment import Environment
from keepline.config.errors import SettingsError
from keepline.core.countries import known_countries
from keepline.core.taxes import PLANS_OWN, treatment

MEMBERS = "AT,BE,BG,CY,CZ,DE,DK,EE,ES,FI,FR,GR,HR,HU,IE,IT,LT,LU,LV,MT,NL,PL,PT,RO,SE,SI,SK"
EU = re.findall("[A-Z]{2}", MEMBERS)
NOW = datetime(2026, 3, 10, tzinfo=UTC)
RATE = 'country = "DE"\npercent = "19"\nfrom = 2007-01-01\nprices = "inclusive"\nsource = "law"'


def own(folder: Path, text: str) -> Path:
    path = folder / "taxes.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_table() -> None:
    shipped = tax_file.shipped()
    assert {*EU, "GB", "CH", "JP", "KW", "CN", "RU", "UA", "US"} <= shipped.keys()
    assert shipped.keys() <= known_countries()
    for country, rates in shipped.items():
        assert all(0 <= rate.rate_ppm < 300_000 for rate in rates), country
        assert all(rate.source.startswith("https://") for rate in rates), country
        assert all(rate.since_at <= NOW for rate in rates), country
    for country in EU:  # Directive 2006/112/EC, article 97: 15 % at least
        assert shipped[country][-1].rate_ppm >= 150_000
    assert (shipped["KW"][-1].rate_ppm, shipped["US"][-1].rate_ppm) == (0, 0)


def test_nothing_is_in_force_until_it_is_turned_on() -> None:
    assert tax_file.in_force() == PLANS_OWN


def test_an_operators_rates_stand_above_the_shipped(tmp_path: Path) -> None:
    rules = tax_file.read(own(tmp_path, f'whose = "holder"\ncharged_in = ["DE"]\n[[rate]]\n{RATE}'))
    assert [rate.rate_ppm for rate in rules.rates["DE"]] == [190_000]  # 2020's are gone
    assert rules.rates["AT"] == tax_file.shipped()["AT"]
    assert rules.charged_in == {"DE"}
    assert treatment(rules, "AT", NOW) is None


def test_an_instant_has_its_offset(tmp_path: Path) -> None:
    text = RATE.replace("2007-01-01", "2026-01-01T00:00:00+01:00")
    rules = tax_file.read(own(tmp_path, f'whose = "holder"\n[[rate]]\n{text}'))
    assert rules.rates["DE"][0].since_at == datetime(2025, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "whose is seller or holder"),
        ('whose = "nobody"', "whose is seller or holder"),
        ('whose = "seller"', "seller_country: '' is no country"),
        ('whose = "seller"\nseller_country = "EU"', "seller_country: 'EU' is no country"),
        ('whose = "seller"\nseller_country = "AQ"', "AQ has no rate"),
        ('whose = "holder"\ncharged_in = "DE"', "charged_in is a list"),
        ('whose = "holder"\ncharged_in = ["de"]', "charged_in: 'de' is no country"),
        ('whose = "holder"\nrates = []', "rates is none of"),
        (RATE.replace('"19"', "19"), "percent 19; write it as"),
        (RATE.replace('"19"', '"-1"'), "percent '-1'"),
        (RATE.replace('"19"', '"19,5"'), "percent '19,5'"),
        (RATE.replace("inclusive", "gross"), "prices is inclusive or exclusive"),
        (RATE.replace('"law"', '" "'), "it needs a source"),
        (RATE.replace("2007-01-01", '"2007-01-01"'), "from is a date"),
        (RATE.replace("2007-01-01", "2007-01-01T00:00:00"), "lacks its offset"),
        (RATE.replace('source = "law"', ""), "a rate has country, from"),
        (f"{RATE}\n[[rate]]\n{RATE}", "two begin at the same instant"),
        ("whose =", "is not TOML"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(text: str, says: str, tmp_path: Path) -> None:
    if "percent" in text:
        text = f'whose = "holder"\n[[rate]]\n{text}'
    given = {"KEEPLINE_DATA": str(tmp_path), "KEEPLINE_TAXES": str(own(tmp_path, text))}
    with pytest.raises(SettingsError) as caught:
        Environment.read(given)
    assert str(caught.value).startswith("KEEPLINE_TAXES names taxes that cannot be used: ")
    assert says in str(caught.value)


def test_the_operators_file_is_put_in_force_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own(tmp_path, 'whose = "seller"\nseller_country = "FI"')
    given = {"KEEPLINE_DATA": str(tmp_path), "KEEPLINE_TAXES": str(path)}
    with monkeypatch.context() as patch:
        patch.setattr(settings, "ENV", Environment.read(given))
        wiring.connect()
        found = treatment(tax_file.in_force(), "", NOW)
        assert found is not None
        assert (found.country, found.rate_ppm) == ("FI", 255_000)
    wiring.connect()
    assert tax_file.in_force() == PLANS_OWN
