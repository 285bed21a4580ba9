"""Rates of exchange in force for as long as a test needs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keepline.payments import exchange_rates

ROW = '[[rate]]\nbase = "USD"\nquote = "{}"\nrate = "{}"\non = 2026-03-10\nsource = "A Bank"\n'


@contextmanager
def rates(folder: Path, **by_currency: str) -> Iterator[None]:
    """What one USD is worth on the day of tests.cast.NOW."""
    path = folder / "rates.toml"
    rows = [ROW.format(currency, rate) for currency, rate in by_currency.items()]
    path.write_text("\n".join(rows), encoding="utf-8")
    exchange_rates.put_in_force(path)
    try:
        yield
    finally:
        exchange_rates.put_in_force(None)
        exchange_rates._read.cache_clear()
