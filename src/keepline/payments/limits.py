"""The limits against fraud that are in force: the shipped ones, or the operator's over them.

No Django here: config reads the operator's file before Django's settings are there.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from keepline.core.money import is_currency
from keepline.core.velocity import DEFAULT, Limits, LimitsError, Rate, Sums

RATE = re.compile(r"([0-9]{1,6})/([0-9]{1,4})?([smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
ATTEMPTS = ("address", "device", "account", "method")
SECTIONS = {
    "attempts": ATTEMPTS,
    "declines": ("account", "hold_hours"),
    "sums": None,  # names of currencies
    "refunds": None,
    "disputes": ("block",),
    "review": ("known_after_days",),
    "review.first_payment": None,
    "worth": None,
}
SPANS = {"day", "week", "month"}

Table = dict[str, dict[str, Any]]
_in_force: list[Limits] = []


def in_force() -> Limits:
    """What `put_in_force` was told; the shipped ones before."""
    return _in_force[0] if _in_force else shipped()


def put_in_force(limits: Limits | None) -> None:
    """From now on, in this process. None: the shipped ones."""
    _in_force[:] = [] if limits is None else [limits]


@cache
def shipped() -> Limits:
    """limits.toml."""
    return _limits(_shipped_table())


def read(path: Path) -> Limits:
    """The operator's file over the shipped limits. Raises LimitsError with what is wrong."""
    try:
        own: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LimitsError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise LimitsError(f"{path} is not TOML: {error}") from None
    return _limits(_over(_shipped_table(), own))


def _shipped_table() -> Table:
    text = files("keepline.payments").joinpath("limits.toml").read_text(encoding="utf-8")
    return _flat(tomllib.loads(text))


def _flat(written: Mapping[str, Any]) -> dict[str, Any]:
    """The table of currencies within a section becomes a section of its own."""
    flat, review = dict(written), written.get("review")
    if isinstance(review, dict) and "first_payment" in review:
        flat["review"] = {name: value for name, value in review.items() if name != "first_payment"}
        flat["review.first_payment"] = review["first_payment"]
    return flat


def _over(table: Table, own: Mapping[str, Any]) -> Table:
    for section, values in _flat(own).items():
        if section not in SECTIONS or not isinstance(values, dict):
            raise LimitsError(f"{section} is not one of {', '.join(SECTIONS)}")
        known = SECTIONS[section]
        for name in values:
            if known is not None and name not in known:
                raise LimitsError(f"{section}.{name} is not known, only {', '.join(known)}")
            if known is None and name != DEFAULT and not is_currency(name):
                raise LimitsError(f"{section}.{name} is no currency")
        table[section] |= values
    return table


def _limits(table: Table) -> Limits:
    hours = _whole("declines.hold_hours", table["declines"]["hold_hours"])
    days = _whole("review.known_after_days", table["review"]["known_after_days"])
    declines = _rates("declines.account", table["declines"]["account"])
    if len(declines) != 1:
        raise LimitsError("declines.account is one count in one span, such as 5/h")
    return Limits(
        **{name: _rates(f"attempts.{name}", table["attempts"][name]) for name in ATTEMPTS},
        declines=declines[0],
        hold=timedelta(hours=min(max(hours, -1), 10**6)),
        sums={currency: _sums(currency, value) for currency, value in table["sums"].items()},
        block_disputed=_switch(table["disputes"]["block"]),
        refunds=_units("refunds", table),
        review=_units("review.first_payment", table),
        known_after=timedelta(days=min(max(days, -1), 10**6)),
        worth=_units("worth", table),
    )


def _switch(written: object) -> bool:
    if not isinstance(written, bool):
        raise LimitsError("disputes.block is neither true nor false")
    return written


def _whole(name: str, written: object) -> int:
    if type(written) is not int:
        raise LimitsError(f"{name} is not a whole number")
    return written


def _units(section: str, table: Table) -> dict[str, int]:
    for currency, units in table[section].items():
        if type(units) is not int:
            raise LimitsError(f"{section}.{currency} is not in whole units")
    return table[section]


def _rates(name: str, written: object) -> tuple[Rate, ...]:
    parts = written.split(",") if isinstance(written, str) else [""]
    try:
        return tuple(_rate(part.strip()) for part in parts)
    except LimitsError as error:
        raise LimitsError(f"{name}: {error}") from None


def _rate(written: str) -> Rate:
    match = RATE.fullmatch(written)
    if match is None:
        raise LimitsError("counts in spans are written as 3/m, 10/h or 3/10m")
    return Rate(int(match[1]), timedelta(seconds=int(match[2] or 1) * SECONDS[match[3]]))


def _sums(currency: str, written: object) -> Sums:
    if not isinstance(written, dict) or set(written) != SPANS:
        raise LimitsError(f"sums.{currency} needs day, week and month")
    if any(type(units) is not int for units in written.values()):
        raise LimitsError(f"sums.{currency} is not in whole units")
    try:
        return Sums(**written)
    except LimitsError as error:
        raise LimitsError(f"sums.{currency}: {error}") from None
