"""Fen and yuan: Alipay writes amounts in yuan with two decimals, Keepline counts fen."""

import re
from typing import Final

LARGEST_FEN: Final = 10_000_000_000  # total_amount: from 0.01 to 100,000,000 yuan
_YUAN: Final = re.compile(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,2}))?")


def yuan(fen: int) -> str:
    """1999 -> 19.99. Exact; ValueError outside what Alipay takes for one payment."""
    if not 1 <= fen <= LARGEST_FEN:
        raise ValueError(f"{fen} fen is not between 0.01 and 100,000,000 yuan")
    return f"{fen // 100}.{fen % 100:02d}"


def fen(text: str) -> int:
    """19.99 -> 1999, also 19.9 and 19; a bill has negative ones. ValueError for all else."""
    found = _YUAN.fullmatch(text)
    if found is None:
        raise ValueError("not an amount in yuan")
    sign, whole, part = found.groups()
    amount = int(whole) * 100 + int((part or "").ljust(2, "0"))
    return -amount if sign else amount
