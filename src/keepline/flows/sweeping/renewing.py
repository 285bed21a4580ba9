"""Runs the renewing statement for one batch of lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Literal
from uuid import UUID

from keepline.catalog.taxes import by_holder
from keepline.core.ids import slot_of
from keepline.flows.sweeping.tables import parameters
from keepline.lines.due import DueLine, Which, due_line
from keepline.slots.sql import execute, fetch_all

Refusal = Literal["under_way", "consent", "alone", "short", "no_network"]


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of a batch: lines claimed, renewed, and those that were not, with the reason."""

    claimed: int
    renewed: int
    refused: list[tuple[DueLine, Refusal]]


class Raced(Exception):
    """An order for one of the lines was begun while their locks were waited for."""


# Such an order leaves the line's row as it is: only a look after the locks were got can see it.
BEGUN_MEANWHILE = """
SELECT o.id FROM orders_order o
WHERE o.state IN ('acknowledged', 'pending', 'in_progress', 'held') AND o.line_id IS NOT NULL
  AND EXISTS (SELECT FROM lines_extension e
              WHERE e.slot = o.slot AND e.line_id = o.line_id AND e.granted_at = %(now)s
                AND e.xmin = pg_current_xact_id()::xid)
LIMIT 1
"""


def renew_due(ids: Sequence[UUID], now: datetime, which: Which, ended: UUID | None = None) -> Batch:
    """Renews those of the lines that are due still; the caller's transaction holds their locks.

    `ended`: a wallet that could not pay for a line before these, and pays for none of them.
    Raises Raced; the caller then takes the transaction back and tries again.
    """
    these = {"due_slots": [slot_of(line_id) for line_id in ids], "due_ids": list(ids)}
    params = {"now": now, "ended": ended, **these, **which.params(), **parameters(now)}
    # A plan for any batch would be made for far more lines than are due, or far fewer.
    execute("SET LOCAL plan_cache_mode = force_custom_plan")
    rows = fetch_all(_statement(which.whose, by_holder()), params)
    if fetch_all(BEGUN_MEANWHILE, {"now": now}):
        raise Raced
    refused: list[tuple[DueLine, Refusal]] = []
    for row in rows:
        values = row._asdict()
        values.pop("claimed"), values.pop("renewed")
        reason = values.pop("refusal")
        if reason is not None:
            refused.append((due_line(values), reason))
    return Batch(rows[0].claimed, rows[0].renewed, refused)


# Asked for only where taxes follow it.
HOLDERS_COUNTRY = """(SELECT a.country FROM accounts_account a
          WHERE a.slot = v.slot AND a.id = v.account_id)"""


@cache
def _statement(whose: str, by_holder: bool) -> str:
    text = files("keepline.flows.sweeping").joinpath("renew.sql").read_text(encoding="utf-8")
    return text.format(
        whose=whose,
        country=HOLDERS_COUNTRY if by_holder else "''",
        reach_at=_to_utc("reach_local"),
        end_at=_to_utc("end_local"),
        buckets=BUCKETS,
        extension_id=_derived("extension"),
        sale_id=_derived("sale"),
        tax_id=_derived("tax"),
        outbox_id=_derived("outbox:line.renewed"),
    )


def _to_utc(local: str) -> str:
    """core.terms._to_utc as SQL: in a gap the offset before it; of a fold the first.

    PostgreSQL takes the second of a fold. Three hours before that the wall clock shows less than
    three hours less, and by so much the first is earlier.
    """
    late = f"({local} AT TIME ZONE time_zone)"
    folded = (
        f"({local} - ({late} - interval '3 hours') AT TIME ZONE time_zone - interval '3 hours')"
    )
    return (
        f"CASE WHEN {folded} >= interval '0' THEN {late} "
        f"WHEN ({late} + {folded}) AT TIME ZONE time_zone = {local} THEN {late} + {folded} "
        f"ELSE {late} END"
    )


def _derived(purpose: str) -> str:
    """core.ids.derived_id as SQL."""
    digest = f"sha256(order_bytes || '{purpose}'::bytea)"
    low = f"set_byte(substr({digest}, 1, 8), 0, (get_byte({digest}, 0) & 63) | 128)"
    return f"encode(substr(order_bytes, 1, 8) || {low}, 'hex')::uuid"


def _left(column: str) -> str:
    """What is left of one bucket over all extensions that live on; null is unlimited."""
    return (
        f"CASE WHEN bool_or(e.{column} IS NULL) THEN NULL ELSE "
        f"coalesce(sum(greatest(e.{column} - coalesce(u.{column}, 0), 0)), 0) END"
    )


BUCKETS = f"""
(
  SELECT jsonb_build_object(
    'buckets_before', jsonb_build_object(
      'data_bytes', b.data, 'voice_seconds', b.voice, 'sms_count', b.sms),
    'buckets_after', jsonb_build_object(
      'data_bytes', b.data + t.data, 'voice_seconds', b.voice + t.voice,
      'sms_count', b.sms + t.sms))
  FROM (
    SELECT {_left("data_bytes")} AS data, {_left("voice_seconds")} AS voice,
           {_left("sms_count")} AS sms
    FROM lines_extension e
    LEFT JOIN usage_bucketuse u ON u.slot = e.slot AND u.id = e.id
    WHERE e.slot = paid.slot AND e.line_id = paid.id AND e.period_end > %(now)s
      AND NOT EXISTS (SELECT FROM lines_reversal r WHERE r.slot = e.slot AND r.id = e.id)
  ) AS b
)"""  # noqa: S608 - names of our own columns
