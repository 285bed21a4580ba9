"""Taxes in force for as long as a test needs them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from keepline.catalog import tax_file
from keepline.core.taxes import TaxRate, TaxRules, Whose


def rate(percent: int, since_at: datetime, inclusive: bool = True) -> TaxRate:
    return TaxRate(percent * 10_000, inclusive, since_at, "a test")


@contextmanager
def taxes(
    whose: Whose, rates: Mapping[str, tuple[TaxRate, ...]], seller: str = ""
) -> Iterator[None]:
    tax_file.put_in_force(TaxRules(whose, seller, rates))
    try:
        yield
    finally:
        tax_file.put_in_force(None)
