"""Limits against fraud so wide that they are in nobody's way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from keepline.core.velocity import DEFAULT, Rate, Sums
from keepline.payments import limits


@contextmanager
def hardly_any() -> Iterator[None]:
    """For tests that pay and fail more in an hour than a holder ever would."""
    wide, sums = Rate(100_000, timedelta(seconds=1)), {DEFAULT: Sums(10**9, 10**9, 10**9)}
    limits.put_in_force(
        replace(limits.shipped(), account=(wide,), method=(wide,), declines=wide, sums=sums)
    )
    try:
        yield
    finally:
        limits.put_in_force(None)
