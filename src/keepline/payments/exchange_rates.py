"""The operator's rates of exchange, read again when their file has changed.

No Django here: config reads the file before Django's settings are there.
"""

import logging
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from keepline.core.exchange import ExchangeRate, RatesError
from keepline.core.money import is_currency

log = logging.getLogger(__name__)
RATE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")
FIELDS = {"base", "quote", "rate", "on", "source"}
VALID_DAYS, MOST_VALID_DAYS = 4, 31  # a long weekend without a new rate
LONGEST_SOURCE = 120

_path: list[Path] = []


@dataclass(frozen=True)
class RateTable:
    """`valid_days`: how many days a rate holds after its own."""

    rates: tuple[ExchangeRate, ...]
    valid_days: int


NONE = RateTable((), VALID_DAYS)


def put_in_force(path: Path | None) -> None:
    """From now on, in this process. None: prices are paid in their own currency only."""
    _path[:] = [] if path is None else [path]


def in_force() -> RateTable:
    """What the file says now; nothing while it cannot be used, which is logged."""
    if not _path:
        return NONE
    try:
        return _read(_path[0], _path[0].stat().st_mtime_ns)
    except (OSError, RatesError):
        log.exception("exchange_rates_unusable")
        return NONE


@lru_cache(maxsize=1)
def _read(path: Path, changed_ns: int) -> RateTable:  # noqa: ARG001 - another one is read anew
    return read(path)


def read(path: Path) -> RateTable:
    """The operator's file. Raises RatesError with what is wrong."""
    try:
        own: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RatesError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise RatesError(f"{path} is not TOML: {error}") from None
    if unknown := own.keys() - {"valid_days", "rate"}:
        raise RatesError(f"{', '.join(sorted(unknown))} is none of rate, valid_days")
    days, rows = own.get("valid_days", VALID_DAYS), own.get("rate", [])
    if type(days) is not int or not 0 <= days <= MOST_VALID_DAYS:
        raise RatesError(f"valid_days are whole days, {MOST_VALID_DAYS} at most")
    if not isinstance(rows, list):
        raise RatesError("rate is a list, each beginning with [[rate]]")
    rates = tuple(_rate(row) for row in rows)
    if len({(rate.base, rate.quote, rate.on) for rate in rates}) < len(rates):
        raise RatesError("two rates of one pair are of the same day")
    return RateTable(rates, days)


def _rate(row: object) -> ExchangeRate:
    if not isinstance(row, Mapping) or row.keys() != FIELDS:
        raise RatesError(f"a rate has {', '.join(sorted(FIELDS))}, and nothing else")
    base, quote, rate = row["base"], row["quote"], row["rate"]
    on, source = row["on"], row["source"]
    for code in (base, quote):
        if not isinstance(code, str) or not is_currency(code):
            raise RatesError(f"{code!r} is no currency of ISO 4217")
    if base == quote:
        raise RatesError(f"rate {base} to itself")
    if not isinstance(rate, str) or not RATE.fullmatch(rate) or not Decimal(rate):
        raise RatesError(f'rate {base} {quote}: {rate!r}; write it as "0.9213"')
    if not isinstance(on, date) or isinstance(on, datetime):
        raise RatesError(f"rate {base} {quote}: on is a date, such as 2026-03-10")
    if not isinstance(source, str) or not source.strip() or len(source) > LONGEST_SOURCE:
        raise RatesError(f"rate {base} {quote}: it needs a source, in {LONGEST_SOURCE} characters")
    return ExchangeRate(base, quote, Decimal(rate), on, source.strip())
