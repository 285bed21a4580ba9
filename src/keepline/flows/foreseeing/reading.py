"""Reads the whole base at one instant into arrays. Nothing is locked, nothing can be written.

Every column of the COPY has one width and no nulls, so its answer is an array of records as it
stands (PostgreSQL's binary format: a field count, then length and value of each field).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, LiteralString

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray
from psycopg import sql

from keepline.catalog import queries as catalog
from keepline.catalog.taxes import taxed_tariff, treatments
from keepline.core.agenda import Step
from keepline.core.future.agendas import PHASES
from keepline.core.future.figures import Fare, PolicyRules
from keepline.core.future.periods import NONE
from keepline.core.future.world import FAR, OTHER, Lines, Wallets, World
from keepline.core.pricing import price_of
from keepline.flows.sweeping.tables import ALONE, CONSENT, mode_of
from keepline.inventory.services import HELD
from keepline.slots.sql import fetch_all

HEADER, TRAILER = 19, 2  # bytes around the records
SINCE_2000 = 946_684_800_000_000  # PostgreSQL counts from there
NOWHERE = np.iinfo(np.int64).min  # -infinity
MIXER = np.uint64(0x9E3779B97F4A7C15)
INSTANTS = ("valid_until", "anchor_at", "since_at", "at")
FIELDS: list[tuple[str, str]] = [
    *((name, ">u8") for name in ("id", "id_low", "account", "account_low", "wallet", "wallet_low")),
    *((name, ">i8") for name in ("free", *INSTANTS)),
    *((name, ">i4") for name in ("policy", "plan", "zone", "currency", "anchor_count")),
    *((name, ">i2") for name in ("phase", "lead", "step")),
    *((name, "u1") for name in ("auto_renew", "dormant", "numbered")),
]

LINES: LiteralString = """
COPY (
  SELECT v.id, v.account_id, v.wallet_id, w.posted_minor - w.pending_minor,
         coalesce(v.valid_until, '-infinity'), coalesce(v.anchor_at, '-infinity'),
         coalesce(v.since_at, '-infinity'), coalesce(v.next_action_at, '-infinity'),
         v.policy_id, v.plan_id, z.place::int - 1, c.place::int - 1, v.anchor_count,
         coalesce(array_position({phases}::text[], v.state), 0)::smallint,
         coalesce(v.lead_days, -1)::smallint, coalesce(v.next_step, 0)::smallint,
         v.auto_renew, v.dormant, n.line_id IS NOT NULL
  FROM lines_validity v
  JOIN ledger_wallet w ON w.slot = v.slot AND w.id = v.wallet_id
  JOIN unnest({zones}::text[]) WITH ORDINALITY AS z(name, place) ON z.name = v.time_zone
  JOIN unnest({currencies}::text[]) WITH ORDINALITY AS c(name, place) ON c.name = w.currency
  LEFT JOIN inventory_number n ON n.line_id = v.id AND n.state = ANY({held}::text[])
  WHERE v.clock_id = 0
) TO STDOUT (FORMAT binary)
"""
RESTING: LiteralString = """
COPY (SELECT until_at FROM inventory_number WHERE state = 'quarantine' AND until_at IS NOT NULL)
TO STDOUT (FORMAT binary)
"""


@contextmanager
def one_instant() -> Iterator[None]:
    """A transaction that sees the base as it is now, and in which nothing can be written."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def read_world(now: datetime) -> World:
    """The base, its policies and prices. Inside `one_instant`."""
    zones = _texts("SELECT DISTINCT time_zone AS text FROM lines_validity ORDER BY 1")
    currencies = _texts("SELECT DISTINCT currency AS text FROM ledger_wallet ORDER BY 1")
    statement = sql.SQL(LINES).format(
        phases=[phase.value for phase in PHASES], zones=zones, currencies=currencies, held=HELD
    )
    rows = _records(statement, FIELDS)
    policy_ids, policy = np.unique(_ints(rows["policy"]), return_inverse=True)
    fares = _fares(now)
    wallet, first = _numbered(rows["wallet"], rows["wallet_low"])
    currency = _ints(rows["currency"])
    lines = Lines(
        place=_ranked(rows["id"], rows["id_low"]),
        account=_numbered(rows["account"], rows["account_low"])[0],
        wallet=wallet,
        policy=policy.astype(np.int64),
        zone=_ints(rows["zone"]),
        fare=_fare_places(fares, currencies, _ints(rows["plan"]), currency),
        **_clock(rows),
    )
    wallets = Wallets(_ints(rows["free"])[first], currency[first])
    resting = _instants(_records(sql.SQL(RESTING), [("until", ">i8")])["until"])
    policies = _policies(policy_ids.tolist())
    return World(now, lines, wallets, policies, fares, zones, currencies, resting)


def _clock(rows: NDArray[Any]) -> dict[str, Any]:
    phase = rows["phase"].astype(np.int8) - 1
    step = rows["step"].astype(np.int8)
    at = _instants(rows["at"])
    at[(step == 0) | (at == NONE)] = FAR
    return {
        "phase": np.where(phase < 0, OTHER, phase).astype(np.int8),
        "auto_renew": rows["auto_renew"] > 0,
        "lead": _ints(rows["lead"]),
        "valid_until": _instants(rows["valid_until"]),
        "anchor_at": _instants(rows["anchor_at"]),
        "anchor_count": _ints(rows["anchor_count"]),
        "since_at": _instants(rows["since_at"]),
        "step": np.where(step == Step.RENEW_ALONE, Step.RENEW, step).astype(np.int8),
        "at": at,
        "numbered": rows["numbered"] > 0,
        "share": ((rows["id_low"].astype(np.uint64) * MIXER >> np.uint64(33)) % 100).astype(
            np.int8
        ),
        "dormant": rows["dormant"] > 0,
    }


def _texts(statement: str) -> list[str]:
    return [row.text for row in fetch_all(statement)]


def _records(statement: sql.Composable, fields: Sequence[tuple[str, str]]) -> NDArray[Any]:
    """The rows of a COPY, as they came."""
    data = bytearray()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            data += block
    record: list[tuple[str, str]] = [("", ">i2")]
    for name, kind in fields:
        # Before each value stands its length; a uuid's second half has none.
        record += [(f"{name} length", ">i4")] * (not name.endswith("_low")) + [(name, kind)]
    record[0] = ("fields", ">i2")
    kind_of_row = np.dtype(record)
    count = (len(data) - HEADER - TRAILER) // kind_of_row.itemsize
    return np.frombuffer(data, kind_of_row, count, HEADER)


def _ints(column: NDArray[Any]) -> NDArray[np.int64]:
    return column.astype(np.int64)


def _instants(column: NDArray[Any]) -> NDArray[np.int64]:
    """Microseconds since 1970; NONE for -infinity."""
    native = column.astype(np.int64)
    return np.where(native == NOWHERE, NONE, np.where(native == NOWHERE, 0, native) + SINCE_2000)


def _numbered(high: NDArray[Any], low: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each uuid's place among the different ones, and where each of these stands first."""
    order = np.lexsort((low, high))
    new = np.ones(len(order), np.bool_)
    new[1:] = (np.diff(high[order].astype(np.uint64)) != 0) | (
        np.diff(low[order].astype(np.uint64)) != 0
    )
    place = np.empty(len(order), np.int64)
    place[order] = np.cumsum(new) - 1
    return place, order[new]


def _ranked(high: NDArray[Any], low: NDArray[Any]) -> NDArray[np.int64]:
    """Each id's place in their order."""
    place = np.empty(len(high), np.int64)
    place[np.lexsort((low, high))] = np.arange(len(high))
    return place


def _policies(policy_ids: list[int]) -> list[PolicyRules]:
    rows = catalog.policies_among(policy_ids)
    values = [catalog.policy_of(rows[policy_id]) for policy_id in policy_ids]
    return [
        PolicyRules(
            each.policy_id,
            rows[each.policy_id].code,
            each.agenda,
            each.quarantine_days,
            each.grace_rule,
        )
        for each in values
    ]


def _fares(now: datetime) -> list[Fare]:
    """What each version of each plan renews with, as the sweep is told it.

    Under the tax of a holder of whom no country is known: what others' countries take beside it
    is left out (docs/tax.md).
    """
    fares, tax = [], treatments(now).get("")
    for sold in catalog.tariffs().values():
        tariff = taxed_tariff(sold, tax)
        offer, mode = tariff.offer or tariff.pinned, mode_of(tariff)
        price = price_of(offer)
        fares.append(
            Fare(
                plan_id=tariff.pinned.plan_id,
                currency=tariff.currency,
                target_plan_id=offer.plan_id,
                total_minor=price.total_minor,
                term=offer.term,
                on_sale=tariff.offer is not None,
                consent=mode == CONSENT,
                alone=mode == ALONE,
            )
        )
    return fares


def _fare_places(
    fares: Sequence[Fare],
    currencies: Sequence[str],
    plan: NDArray[np.int64],
    currency: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The place of each line's fare, -1 where the plan has no price in the wallet's currency."""
    places = {(fare.plan_id, fare.currency): place for place, fare in enumerate(fares)}
    kinds, kind = np.unique(plan * len(currencies) + currency, return_inverse=True)
    pairs = (divmod(each, len(currencies)) for each in kinds.tolist())
    found = [places.get((plan_id, currencies[which]), -1) for plan_id, which in pairs]
    return np.array(found, np.int64)[kind] if found else np.zeros(0, np.int64)
