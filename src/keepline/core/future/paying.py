"""Which of the lines that are due can be paid, wallet by wallet, in the sweep's order."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

__all__ = ["payable"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def payable(
    wallet: Ints, now: Ints, alone: Flags, due_at: Ints, place: Ints, total: Ints, free: Ints
) -> Flags:
    """Which of some due lines their wallets pay, and takes the money out of `free`.

    One element a line: its wallet, the instant at which it is tried, whether after the others of
    that instant and by itself, when it was due, the order of its id, its price. `free` has one
    element a wallet. Lines of one wallet that are tried at the same instant stand in one row: the
    first that cannot be paid ends it (flows/sweeping/renew.sql).
    """
    order = np.lexsort((place, due_at, alone, now, wallet))
    sorted_wallet, price = wallet[order], total[order]
    first = np.flatnonzero(np.diff(sorted_wallet, prepend=-1))
    own = sorted_wallet[first]
    paid_sorted = np.zeros(len(order), np.bool_)
    needed = np.add.reduceat(price, first)
    enough = needed <= free[own]
    count = np.diff(first, append=len(order))
    paid_sorted[np.repeat(enough, count)] = True
    free[own[enough]] -= needed[enough]
    hopeless = np.minimum.reduceat(price, first) > free[own]
    for group in np.flatnonzero(~enough & ~hopeless):
        here = order[first[group] : first[group] + count[group]]
        paid = np.fromiter(_in_turn(here, now, alone, total, int(free[own[group]])), np.bool_)
        paid_sorted[first[group] : first[group] + count[group]] = paid
        free[own[group]] -= total[here][paid].sum()
    answer = np.zeros(len(order), np.bool_)
    answer[order] = paid_sorted
    return answer


def _in_turn(here: Ints, now: Ints, alone: Flags, total: Ints, free: int) -> Iterator[bool]:
    """Whether each is paid, of the lines of one wallet that cannot pay for all of them."""

    def row_of(index: int) -> tuple[int, int]:
        line = here[index]
        return int(now[line]), index if alone[line] else -1

    for _, row in groupby(range(len(here)), key=row_of):
        asked = spent = 0
        for index in row:
            price = int(total[here[index]])
            asked += price
            spent += price if asked <= free else 0
            yield asked <= free
        free -= spent
