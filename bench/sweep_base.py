"""Makes a base of N lines in sets, as an import would leave it, a part of them due.

Ids are laid out as core.ids.make_id does. One line in five shares account and wallet with the one
before; half of the lines have a plan that brings buckets; those that are due lie scattered.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from bench.installation import say

PRESETS = ("keep_alive", "virtual_number")
PLANS = ("ka-1m", "vn-us-1m")  # without buckets, with; both a month, so that all come due together
WALLET_MINOR = 100_000

# `at` is the instant the round 0 is due; the lines of round r are due r hours later.
LAYOUT = """
CREATE TEMPORARY TABLE bench_layout AS
WITH numbered AS (
  SELECT i, i - CASE WHEN i %% 5 = 1 THEN 1 ELSE 0 END AS owner,
         (i * 2654435761) %% %(lines)s AS place
  FROM generate_series(0::bigint, %(lines)s::bigint - 1) AS i
), placed AS (
  SELECT i, owner, place, hashint8(owner) & 255 AS slot,
         (extract(epoch FROM %(at)s::timestamptz - interval '900 days') * 1000)::bigint
           + owner * 70000000000 / %(lines)s AS made_ms
  FROM numbered
), identified AS (
  SELECT *, {account} AS account_id, {line} AS line_id, {order} AS order_id
  FROM placed
)
SELECT i, owner, slot, account_id, line_id, order_id, {wallet} AS wallet_id,
       hashint8extended(owner, 9) & 1023 < %(short)s AS short,
       (ARRAY['Europe/Kyiv', 'Europe/London', 'Asia/Shanghai', 'America/New_York'])
         [1 + owner %% 4] AS time_zone,
       1 + (i / 2) %% 2 AS plan_place, place < %(due)s AS due,
       CASE WHEN place < %(due)s
            THEN %(at)s::timestamptz + interval '3 days' + interval '1 hour' * (place / %(each)s)
                 - interval '1 ms' * (place %% %(each)s)
            ELSE %(at)s::timestamptz + interval '20 days'
                 + interval '1 ms' * (place * 864000000 / %(lines)s) END AS valid_until
FROM identified
"""
TABLES = {
    "accounts_account": """
      (slot, id, name, currency, language, time_zone, contact_email, contact_phone, opened_at)
      SELECT slot, account_id, 'bench', 'USD', 'en', time_zone, '', '', %(opened)s
      FROM bench_layout WHERE i = owner""",
    "ledger_wallet": """
      (slot, id, account_id, currency, purpose, posted_minor, pending_minor)
      SELECT slot, wallet_id, account_id, 'USD', 'cash', CASE WHEN short THEN 0 ELSE %(money)s END,
             0 FROM bench_layout WHERE i = owner""",
    "ledger_transfer": """
      (slot, id, debit_id, credit_id, amount_minor, currency, code, phase, booked_at)
      SELECT slot, {transfer}, %(equity)s, wallet_id, %(money)s, 'USD', 2, 'single', %(opened)s
      FROM bench_layout WHERE i = owner AND NOT short""",
    "lines_line": """
      (slot, id, account_id, kind, label, carrier_id, opened_at, activated_at)
      SELECT slot, line_id, account_id, plan.line_kind, '', plan.carrier_id, %(opened)s, %(opened)s
      FROM bench_layout JOIN plan ON place = plan_place""",
    "lines_validity": """
      (slot, id, account_id, wallet_id, state, time_zone, plan_id, policy_id, valid_until,
       anchor_at, anchor_count, auto_renew, dormant, next_step, next_action_at, clock_id)
      SELECT slot, line_id, account_id, wallet_id, 'active', time_zone, plan.id, plan.policy_id,
             valid_until, valid_until, 0, true, false, CASE WHEN due THEN 1 ELSE 2 END,
             valid_until - CASE WHEN due THEN interval '72 hours' ELSE interval '336 hours' END, 0
      FROM bench_layout JOIN plan ON place = plan_place""",
    "orders_order": """
      (slot, id, account_id, line_id, wallet_id, kind, state, plan_id, delivery, currency,
       subtotal_minor, discount_minor, tax_minor, total_minor, wallet_minor, payment_minor,
       valid_until_after, actor, channel, seller, accepted_at, settled_at, completed_at, attempts,
       undo_due, failure_code)
      SELECT slot, order_id, account_id, line_id, wallet_id, 'opening', 'completed', plan.id,
             'ledger', 'USD', 0, 0, 0, 0, 0, 0, valid_until, 'operator', 'import', 'house',
             %(opened)s, %(opened)s, %(opened)s, 0, false, ''
      FROM bench_layout JOIN plan ON place = plan_place""",
    "lines_extension": """
      (slot, id, line_id, order_id, plan_id, period_start, period_end, anchor_at, anchor_count,
       granted_at, data_bytes, voice_seconds, sms_count)
      SELECT slot, {extension}, line_id, order_id, plan.id, %(opened)s, valid_until, valid_until, 0,
             %(opened)s, plan.data_bytes, plan.voice_seconds, plan.sms_count
      FROM bench_layout JOIN plan ON place = plan_place""",
}
PLAN = """
WITH plan AS (
  SELECT p.*, array_position(%(plans)s::text[], p.code::text) AS place
  FROM catalog_plan p WHERE p.code = ANY(%(plans)s::text[]) AND p.sold_until_at IS NULL
)
"""


def _id(number: str, purpose: int) -> str:
    """core.ids.make_id as SQL: the time the row's slot and a hash for the random bits."""
    low = f"(hashint8extended({number}, {purpose}) & 4611686018427387903) | (1::bigint << 63)"
    return f"encode(int8send((made_ms << 16) + 28672 + slot) || int8send({low}), 'hex')::uuid"


def _derived(parent: str, purpose: str) -> str:
    """core.ids.derived_id as SQL."""
    digest = f"sha256(uuid_send({parent}) || '{purpose}'::bytea)"
    low = f"set_byte(substr({digest}, 1, 8), 0, (get_byte({digest}, 0) & 63) | 128)"
    return f"encode(substr(uuid_send({parent}), 1, 8) || {low}, 'hex')::uuid"


def catalogues(database: str, now: datetime) -> None:
    """Loads the shipped catalogues that the plans come from."""
    from keepline.flows.load_preset import load_preset

    with connected(database):
        for preset in PRESETS:
            load_preset(preset, "bench", now)


@contextmanager
def connected(database: str) -> Iterator[None]:
    """Django's connection to one of the server's databases; closed afterwards, so that it can be
    copied."""
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()


def fill(lines: int, due: int, rounds: int, short: int, at: datetime) -> None:
    """Runs on Django's connection, as the owner, for VACUUM at the end.

    `due` of the lines are due, a `rounds`-th each hour from `at`; of 1024 wallets `short` are
    empty.
    """
    from django.db import connection

    from keepline.core.postings import HouseCode, house_account_id
    from keepline.ledger import services as ledger

    ledger.open_house_accounts(["USD"], ["sandbox"])
    params: dict[str, Any] = {
        "lines": lines,
        "due": due,
        "each": max(1, due // rounds),
        "short": short,
        "at": at,
        "opened": at - timedelta(days=60),
        "money": WALLET_MINOR,
        "plans": list(PLANS),
        "equity": house_account_id(HouseCode.OPENING_EQUITY, "USD"),
    }
    names = {
        "account": _id("owner", 1),
        "line": _id("i", 2),
        "order": _id("i", 3),
        "wallet": _derived("account_id", "wallet:cash:USD"),
        "transfer": _derived("wallet_id", "opening_balance"),
        "extension": _derived("order_id", "extension"),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(LAYOUT.format(**names), params)
        cursor.execute("ANALYZE bench_layout")
        for table, rows in TABLES.items():
            insert = rows.format(**names)
            columns, select = insert.split("SELECT", 1)
            statement = f"INSERT INTO {table} {columns} {PLAN} SELECT {select}"
            cursor.execute(statement, params)
        for table in TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
        cursor.execute("SET synchronous_commit = on")
    say(f"base: {lines} lines, {due} due")
