"""Reads the shipped table of the ways to pay."""

import tomllib
from collections.abc import Collection
from functools import cache
from importlib.resources import files

from keepline.core.ways_to_pay import Method, step_minor


@cache
def table() -> tuple[Method, ...]:
    """Every method of every provider that Keepline knows."""
    text = files("keepline.payments").joinpath("ways_to_pay.toml").read_text(encoding="utf-8")
    return tuple(_method(row) for row in tomllib.loads(text)["method"])


def step_of(
    currency: str, providers: Collection[str], allowed: Collection[str] | None = None
) -> int:
    """What amounts for any of these providers must be multiples of, in minor units."""
    return step_minor(table(), providers, allowed, currency)


def _method(row: dict[str, object]) -> Method:
    lists = {
        name: frozenset(row[name]) if name in row else None  # type: ignore[call-overload]
        for name in ("currencies", "countries")
    }
    return Method(
        provider=str(row["provider"]),
        name=str(row["name"]),
        least_minor=row.get("least_minor", {}),  # type: ignore[arg-type]
        step_minor=row.get("step_minor", {}),  # type: ignore[arg-type]
        storable=bool(row.get("storable", False)),
        **lists,
    )
