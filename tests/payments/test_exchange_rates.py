"""The operator's rates of exchange: read, checked, and read again when they have changed."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from keepline.config import wiring
from keepline.config.environment import Environment
from keepline.config.errors import SettingsError
from keepline.core.exchange import ExchangeRate
from keepline.payments import exchange_rates

RATE = """
[[rate]]
base = "USD"
quote = "EUR"
rate = "0.9213"
on = 2026-03-10
source = "a bank"
"""


def own(folder: Path, text: str, changed_at: int = 1) -> Path:
    path = folder / "rates.toml"
    path.write_text(text, encoding="utf-8")
    os.utime(path, (changed_at, changed_at))
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    table = exchange_rates.read(own(tmp_path, f"valid_days = 1\n{RATE}"))
    assert table.valid_days == 1
    expected = ExchangeRate("USD", "EUR", Decimal("0.9213"), date(2026, 3, 10), "a bank")
    assert table.rates == (expected,)
    assert exchange_rates.read(own(tmp_path, "")) == exchange_rates.NONE


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (RATE.replace('"0.9213"', "0.9213"), "rate USD EUR: 0.9213; write it as"),
        (RATE.replace("0.9213", "0.000"), "'0.000'; write it as"),
        (RATE.replace("0.9213", "-1"), "'-1'; write it as"),
        (RATE.replace("0.9213", "1e3"), "'1e3'; write it as"),
        (RATE.replace('"EUR"', '"euro"'), "'euro' is no currency"),
        (RATE.replace('"EUR"', '"USD"'), "USD to itself"),
        (RATE.replace("2026-03-10", '"2026-03-10"'), "on is a date"),
        (RATE.replace("2026-03-10", "2026-03-10T00:00:00Z"), "on is a date"),
        (RATE.replace("a bank", " "), "it needs a source"),
        (RATE.replace('source = "a bank"', ""), "a rate has base, on"),
        (RATE + RATE, "two rates of one pair"),
        ("valid_days = -1", "valid_days are whole days"),
        ("valid_days = true", "valid_days are whole days"),
        ("rate = 1", "rate is a list"),
        ("rates = 1", "rates is none of"),
        ("rate =", "is not TOML"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(text: str, says: str, tmp_path: Path) -> None:
    given = {"KEEPLINE_DATA": str(tmp_path), "KEEPLINE_EXCHANGE_RATES": str(own(tmp_path, text))}
    with pytest.raises(SettingsError) as caught:
        Environment.read(given)
    begins = "KEEPLINE_EXCHANGE_RATES names rates that cannot be used: "
    assert str(caught.value).startswith(begins)
    assert says in str(caught.value)


def test_todays_rates_need_no_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = own(tmp_path, RATE)
    given = {"KEEPLINE_DATA": str(tmp_path), "KEEPLINE_EXCHANGE_RATES": str(path)}
    with monkeypatch.context() as patch:
        patch.setattr(settings, "ENV", Environment.read(given))
        wiring.connect()
        assert len(exchange_rates.in_force().rates) == 1
        own(tmp_path, RATE + RATE.replace("-10", "-11"), changed_at=2)
        assert len(exchange_rates.in_force().rates) == 2
        own(tmp_path, "rate =", changed_at=3)
        assert exchange_rates.in_force() == exchange_rates.NONE
        own(tmp_path, RATE, changed_at=4)
        assert len(exchange_rates.in_force().rates) == 1
        path.unlink()
        assert exchange_rates.in_force() == exchange_rates.NONE
    wiring.connect()
    assert exchange_rates.in_force() == exchange_rates.NONE
