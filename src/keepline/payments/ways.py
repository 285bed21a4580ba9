"""Reads the shipped table of the ways to pay."""

import tomllib
from functools import cache
from importlib.resources import files

from keepline.core.ways_to_pay import Method


@cache
def table() -> tuple[Method, ...]:
    """Every method of every provider that Keepline knows."""
    text = files("keepline.payments").joinpath("ways_to_pay.toml").read_text(encoding="utf-8")
    return tuple(_method(row) for row in tomllib.loads(text)["method"])


def _method(row: dict[str, object]) -> Method:
    lists = {
        name: frozenset(row[name]) if name in row else None  # type: ignore[call-overload]
        for name in ("currencies", "countries")
    }
    return Method(
        provider=str(row["provider"]),
        name=str(row["name"]),
        least_minor=row.get("least_minor", {}),  # type: ignore[arg-type]
        storable=bool(row.get("storable", False)),
        **lists,
    )
