"""The operator's file of pools (docs/inventory.md), read strictly. No database here."""

import re
import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from keepline.core.countries import known_countries

KINDS = ("number", "card", "profile")
CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
RANGE = re.compile(r"([1-9][0-9]{6,14})-([1-9][0-9]{6,14})")
PREFIX = re.compile(r"[0-9]{1,19}")
LOW_DAYS = 14
MOST = 2**31 - 1
FIELDS = {
    "code",
    "kind",
    "carrier",
    "country",
    "ranges",
    "iccid_prefixes",
    "imsi_prefixes",
    "low_count",
    "low_days",
}


class PoolsRefused(Exception):
    """The file cannot be used; the sentence says what to mend."""


@dataclass(frozen=True, slots=True)
class PoolRow:
    """One pool as the file tells it; `carrier` is a code of the catalogue, "" for any."""

    code: str
    kind: str
    carrier: str
    country: str
    ranges: tuple[tuple[int, int], ...]
    iccid_prefixes: tuple[str, ...]
    imsi_prefixes: tuple[str, ...]
    low_count: int | None
    low_days: int | None


def read_pools(path: Path) -> list[PoolRow]:
    """All pools of a file. Raises PoolsRefused."""
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PoolsRefused(f"{path} cannot be read ({error.strerror}).") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise PoolsRefused(f"{path} is not TOML: {error}.") from None
    rows = values.pop("pool", None)
    if values or not isinstance(rows, list) or not rows:
        raise PoolsRefused(f"{path} must consist of [[pool]] tables, and of nothing else.")
    pools = [_pool(row) for row in rows]
    codes = [pool.code for pool in pools]
    for code in codes:
        if codes.count(code) > 1:
            raise PoolsRefused(f"Pool {code} stands in the file twice.")
    return pools


def _pool(row: Any) -> PoolRow:
    code = row.get("code") if isinstance(row, dict) else None
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise PoolsRefused(f"A pool's code is up to 40 of a-z, 0-9, - and _, not {code!r}.")
    if unknown := row.keys() - FIELDS:
        raise PoolsRefused(f"Pool {code}: {', '.join(sorted(unknown))} is no field of a pool.")
    kind, country = row.get("kind"), row.get("country", "")
    if kind not in KINDS:
        raise PoolsRefused(f"Pool {code}: kind is number, card or profile.")
    if country and country not in known_countries():
        raise PoolsRefused(f"Pool {code}: {country!r} is no country of ISO 3166-1, such as DE.")
    numbers_only, sims_only = ("ranges",), ("iccid_prefixes", "imsi_prefixes")
    for name in sims_only if kind == "number" else numbers_only:
        if name in row:
            raise PoolsRefused(f"Pool {code}: a pool of this kind has no {name}.")
    low_count, low_days = _mark(code, row, "low_count"), _mark(code, row, "low_days")
    if low_count is None and low_days is None:
        low_days = LOW_DAYS
    return PoolRow(
        code,
        kind,
        _text(code, row, "carrier"),
        country,
        _ranges(code, row),
        _prefixes(code, row, "iccid_prefixes"),
        _prefixes(code, row, "imsi_prefixes"),
        low_count,
        low_days,
    )


def _text(code: str, row: dict[str, Any], name: str) -> str:
    value = row.get(name, "")
    if not isinstance(value, str):
        raise PoolsRefused(f"Pool {code}: {name} is a text.")
    return value


def _texts(code: str, row: dict[str, Any], name: str) -> list[str]:
    values = row.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise PoolsRefused(f"Pool {code}: {name} is a list of texts.")
    return values


def _ranges(code: str, row: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    found = []
    for text in _texts(code, row, "ranges"):
        match = RANGE.fullmatch(text)
        if match is None or len(match[1]) != len(match[2]) or int(match[1]) > int(match[2]):
            raise PoolsRefused(
                f'Pool {code}: {text!r} is no range; write "447700900000-447700900999", the '
                "country code first."
            )
        found.append((int(match[1]), int(match[2])))
    found.sort()
    for before, after in pairwise(found):
        if after[0] <= before[1]:
            raise PoolsRefused(f"Pool {code}: two ranges have {after[0]}.")
    return tuple(found)


def _prefixes(code: str, row: dict[str, Any], name: str) -> tuple[str, ...]:
    texts = _texts(code, row, name)
    for text in texts:
        if not PREFIX.fullmatch(text):
            raise PoolsRefused(f"Pool {code}: {name} are digits, not {text!r}.")
    return tuple(texts)


def _mark(code: str, row: dict[str, Any], name: str) -> int | None:
    value = row.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= MOST:
        raise PoolsRefused(f"Pool {code}: {name} is a whole number, 0 or more.")
    return value
