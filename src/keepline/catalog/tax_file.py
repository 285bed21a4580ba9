"""The taxes in force: the plans' own, or the shipped table with the operator's file over it.

No Django here: config reads the operator's file before Django's settings are there.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from keepline.core.countries import known_countries
from keepline.core.taxes import PLANS_OWN, TaxesError, TaxRate, TaxRules, Whose

PERCENT = re.compile(r"[0-9]{1,2}(\.[0-9]{1,4})?")
PPM_OF_PERCENT = 10_000
FIELDS = {"whose", "seller_country", "charged_in", "rate"}
RATE_FIELDS = {"country", "percent", "from", "prices", "source"}

Rates = dict[str, tuple[TaxRate, ...]]
_in_force: list[TaxRules] = []


def in_force() -> TaxRules:
    """What `put_in_force` was told; the plans' own taxes before."""
    return _in_force[0] if _in_force else PLANS_OWN


def put_in_force(rules: TaxRules | None) -> None:
    """From now on, in this process. None: the plans' own taxes."""
    _in_force[:] = [] if rules is None else [rules]


@cache
def shipped() -> Rates:
    """tax_rates.toml, by country."""
    text = files("keepline.catalog").joinpath("tax_rates.toml").read_text(encoding="utf-8")
    return _rates(tomllib.loads(text)["rate"])


def read(path: Path) -> TaxRules:
    """The operator's file over the shipped table. Raises TaxesError with what is wrong.

    A country that the file names has the file's rates alone.
    """
    try:
        own: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TaxesError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise TaxesError(f"{path} is not TOML: {error}") from None
    if unknown := own.keys() - FIELDS:
        raise TaxesError(f"{', '.join(sorted(unknown))} is none of {', '.join(sorted(FIELDS))}")
    whose, seller = own.get("whose"), own.get("seller_country", "")
    if whose not in ("seller", "holder"):
        raise TaxesError("whose is seller or holder: whose country counts")
    if whose == "seller" or seller:
        _country("seller_country", seller)
    rates = shipped() | _rates(_list("rate", own.get("rate", [])))
    if whose == "seller" and seller not in rates:
        raise TaxesError(f"seller_country {seller} has no rate; write one")
    return TaxRules(cast("Whose", whose), seller, rates, _charged_in(own))


def _charged_in(own: Mapping[str, Any]) -> frozenset[str] | None:
    if "charged_in" not in own:
        return None
    return frozenset(_country("charged_in", c) for c in _list("charged_in", own["charged_in"]))


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TaxesError(f"{name} is a list")
    return value


def _rates(rows: Iterable[Any]) -> Rates:
    found: dict[str, list[TaxRate]] = {}
    for row in rows:
        if not isinstance(row, dict) or row.keys() != RATE_FIELDS:
            raise TaxesError(f"a rate has {', '.join(sorted(RATE_FIELDS))}, and nothing else")
        country = _country("rate", row["country"])
        found.setdefault(country, []).append(_rate(country, row))
    for country, rates in found.items():
        rates.sort(key=lambda rate: rate.since_at)
        if len({rate.since_at for rate in rates}) < len(rates):
            raise TaxesError(f"rate {country}: two begin at the same instant")
    return {country: tuple(rates) for country, rates in found.items()}


def _rate(country: str, row: Mapping[str, Any]) -> TaxRate:
    percent, prices, source = row["percent"], row["prices"], row["source"]
    if not isinstance(percent, str) or not PERCENT.fullmatch(percent):
        raise TaxesError(f'rate {country}: percent {percent!r}; write it as "19" or "25.5"')
    if prices not in ("inclusive", "exclusive"):
        raise TaxesError(f"rate {country}: prices is inclusive or exclusive")
    if not isinstance(source, str) or not source.strip():
        raise TaxesError(f"rate {country}: it needs a source")
    rate_ppm = int(Decimal(percent) * PPM_OF_PERCENT)
    return TaxRate(rate_ppm, prices == "inclusive", _instant(country, row["from"]), source)


def _instant(country: str, value: object) -> datetime:
    """A date begins at midnight UTC; an instant has its offset."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TaxesError(f"rate {country}: from {value} lacks its offset from UTC")
        return value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise TaxesError(f"rate {country}: from is a date, such as 2026-01-01")


def _country(name: str, value: object) -> str:
    if not isinstance(value, str) or value not in known_countries():
        raise TaxesError(f"{name}: {value!r} is no country of ISO 3166-1, such as DE")
    return value
