"""`books.audited`: money equals service, and every other promise of the books, asked of the rows.

This flow reads across all rooms and writes nothing. Each invariant is one statement over sets, a
file in flows/invariants whose first line says its number and what shall hold; the rows it answers
are those that break it. The statements decide by core's own tables, which are passed in as values.

Safe ones hold at every instant. Late ones (`late` in the first line) are about time: they find
what should have come to its end by `now`, and may be true of a system that was down.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from keepline.core.agenda import STEPS_OF
from keepline.core.lifecycle.card import CardState
from keepline.core.lifecycle.dispute import DisputeState
from keepline.core.lifecycle.line import LINE, LineState
from keepline.core.lifecycle.number import NumberState
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.core.lifecycle.port_in import PortInState
from keepline.core.lifecycle.port_out import PortOutState
from keepline.core.lifecycle.profile import ProfileState
from keepline.core.lifecycle.refund import RefundState
from keepline.core.postings import TransferCode
from keepline.flows.settle_payment import CHECKOUT_OPEN_FOR
from keepline.slots.sql import fetch_all, fetch_one

ACTION = "books.audited"
ROWS_NAMED = 100  # of each invariant; more would help nobody
MONEY = range(1, 7)  # the invariants of `keepline check-ledger`
_FIRST_LINE = re.compile(r"-- (\d+)( late)?: (.+)")


@dataclass(frozen=True, slots=True)
class Invariant:
    """One promise: its number in docs/ledger.md, its file's name, a sentence, its statement."""

    number: int
    name: str
    title: str
    late: bool
    sql: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken invariant and rows that break it (at most ROWS_NAMED), as columns by name."""

    invariant: int
    name: str
    title: str
    rows: Sequence[dict[str, Any]]


@cache
def invariants() -> tuple[Invariant, ...]:
    """All of them, by number and name."""
    folder = files(__package__) / "invariants"
    found = [
        _invariant(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return tuple(sorted(found, key=lambda one: (one.number, one.name)))


def _invariant(name: str, sql: str) -> Invariant:
    first = _FIRST_LINE.match(sql)
    if first is None:
        raise ValueError(f"{name}: the first line says neither number nor promise")
    number, late, title = first.groups()
    return Invariant(int(number), name, title, late is not None, sql)


def audit(now: datetime, among: Sequence[Invariant] | None = None) -> list[Finding]:
    """Asks all invariants, or those `among`; an empty list means that all of them hold."""
    return list(findings(now, invariants() if among is None else among))


def findings(now: datetime, among: Sequence[Invariant]) -> Iterator[Finding]:
    """The same one by one, for those who watch."""
    values = _values(now)
    for one in among:
        statement = f"SELECT * FROM (\n{one.sql}\n) AS broken LIMIT {ROWS_NAMED}"  # noqa: S608
        rows = fetch_all(statement, values)
        if rows:
            yield Finding(one.number, one.name, one.title, [row._asdict() for row in rows])


def _values(now: datetime) -> dict[str, Any]:
    """What the statements decide by: the clock, the ledger's codes, the tables of core."""
    edges = LINE.transitions
    return {
        "now": now,
        "checkout": CHECKOUT_OPEN_FOR,
        "capture": int(TransferCode.CAPTURE),
        "renewal": int(TransferCode.RENEWAL),
        "tax": int(TransferCode.TAX),
        "fee": int(TransferCode.FEE),
        "refund": int(TransferCode.REFUND),
        "dispute": int(TransferCode.DISPUTE),
        "refund_to_wallet": int(TransferCode.REFUND_TO_WALLET),
        "edge_sources": [str(edge.source) for edge in edges],
        "edge_events": [str(edge.event) for edge in edges],
        "edge_targets": [str(edge.target) for edge in edges],
        "line_states": [str(state) for state in LineState],
        "timed_states": [str(state) for state in STEPS_OF],
        "step_states": [str(state) for state, steps in STEPS_OF.items() for _ in steps],
        "steps": [int(step) for steps in STEPS_OF.values() for step in steps],
        "order_states": [str(state) for state in OrderState],
        "payment_states": [str(state) for state in PaymentState],
        "refund_states": [str(state) for state in RefundState],
        "dispute_states": [str(state) for state in DisputeState],
        "number_states": [str(state) for state in NumberState],
        "card_states": [str(state) for state in CardState],
        "port_in_states": [str(state) for state in PortInState],
        "port_out_states": [str(state) for state in PortOutState],
        "profile_states": [str(state) for state in ProfileState],
    }


SIZES = """
SELECT (SELECT count(*) FROM ledger_transfer) AS transfers,
       (SELECT count(*) FROM ledger_wallet) AS wallets,
       (SELECT count(*) FROM ledger_houseaccount) AS house_accounts,
       (SELECT count(*) FROM payments_payment) AS payments,
       (SELECT count(*) FROM orders_order) AS orders,
       (SELECT count(*) FROM lines_validity) AS lines,
       (SELECT count(*) FROM lines_extension) AS extensions
"""
SUMS = """
SELECT currency, sum(posted_minor)::bigint AS wallets_minor,
       sum(pending_minor)::bigint AS held_minor
FROM ledger_wallet GROUP BY currency ORDER BY currency
"""


def sizes() -> dict[str, int]:
    """How many rows an audit looks at."""
    row = fetch_one(SIZES)
    assert row is not None
    return dict(row._asdict())


def sums() -> list[tuple[str, int, int]]:
    """(currency, in all wallets, of it set aside) in minor units."""
    return [(row.currency, row.wallets_minor, row.held_minor) for row in fetch_all(SUMS)]
