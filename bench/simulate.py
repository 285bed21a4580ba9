"""`keepline simulate` on a large base: seconds for a year, and for two futures beside each other.

The base is made in sets, with what the simulation reads: clocks, wallets, numbers. Plans are those
of keep-alive lines, instants are spread to the second, one account in five has two lines.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from bench.installation import QUICK, Installation, installation, keepline, machine, say

LINES = int(os.environ.get("LINES_SIMULATED", "5000" if QUICK else "1000000"))

MADE = """
CREATE TEMPORARY TABLE made AS
SELECT n, (n % 256)::smallint AS slot, md5('line' || n)::uuid AS id,
       md5('account' || n - (n % 5 = 1)::int)::uuid AS account_id,
       md5('wallet' || n - (n % 5 = 1)::int)::uuid AS wallet_id,
       (n - (n % 5 = 1)::int) % 256 AS owner_slot,
       CASE WHEN n % 20 = 3 THEN 'grace' WHEN n % 33 = 4 THEN 'suspended'
            ELSE 'active' END AS state,
       (ARRAY['Europe/Kyiv', 'Europe/London', 'Asia/Shanghai', 'America/New_York'])[n % 4 + 1]
         AS zone,
       p.id AS plan_id, p.policy_id, n % 4 > 0 AS auto_renew,
       make_interval(secs => (n::bigint * 7919 * 61 % (p.days * 86400))::int) AS away
FROM generate_series(1, {lines}) AS n
JOIN (SELECT id, policy_id, row_number() OVER (ORDER BY code) - 1 AS place, days
      FROM catalog_plan JOIN (VALUES ('ka-1m', 30), ('ka-3m', 91), ('ka-1y', 365)) AS d(code, days)
        USING (code)) AS p ON p.place = n % 3
"""
CLOCKS = """
INSERT INTO lines_validity (slot, id, account_id, wallet_id, state, time_zone, plan_id, policy_id,
  valid_until, anchor_at, anchor_count, since_at, auto_renew, dormant, next_step, next_action_at,
  clock_id)
SELECT owner_slot, id, account_id, wallet_id, state, zone, plan_id, policy_id, valid_until,
  valid_until, 0, CASE WHEN state <> 'active' THEN valid_until END, auto_renew, false,
  CASE WHEN state = 'grace' THEN 4 WHEN state = 'suspended' THEN 5
       WHEN auto_renew THEN 1 WHEN away > interval '14 days' THEN 2
       ELSE 3 END,
  CASE WHEN state <> 'active' THEN valid_until + interval '60 days'
       WHEN auto_renew AND away > interval '3 days' THEN valid_until - interval '3 days'
       WHEN NOT auto_renew AND away > interval '14 days' THEN valid_until - interval '14 days'
       ELSE valid_until END, 0
FROM (SELECT *, now() + CASE WHEN state = 'active' THEN away ELSE - away / 30 END AS valid_until
      FROM made) AS m
"""
WALLETS = """
INSERT INTO ledger_wallet (slot, id, account_id, currency, purpose, posted_minor, pending_minor)
SELECT DISTINCT ON (wallet_id) owner_slot, wallet_id, account_id, 'USD', 'cash', n % 100 * 100, 0
FROM made ORDER BY wallet_id, n
"""
NUMBERS = """
INSERT INTO inventory_number (slot, id, e164, state, since_at, line_id, account_id)
SELECT get_byte(sha256((447700000000 + n)::text::bytea), 0), md5('number' || n)::uuid,
       447700000000 + n, 'assigned', now(), id, account_id FROM made
"""
PROPOSED = """
[policy]
code = "keep-alive"
grace_days = 30
suspended_days = 30
reclaim_days = 40
quarantine_days = 90
grace_rule = "from_payment"
source = "https://example.com"
"""


def make_base(inst: Installation) -> None:
    keepline(inst.environ, "load-preset", "keep_alive")
    with psycopg.connect(inst.owner_url) as db:
        for statement in (MADE.format(lines=LINES), CLOCKS, WALLETS, NUMBERS):
            db.execute(statement.encode())
    with psycopg.connect(inst.owner_url, autocommit=True) as db:
        db.execute("VACUUM ANALYZE lines_validity, ledger_wallet, inventory_number")


def timed(inst: Installation, *more: str) -> tuple[float, dict[str, object]]:
    """The command as an operator runs it, from start to end."""
    command = [sys.executable, "-m", "keepline.cli.main", "simulate", "--json", *more]
    began = time.perf_counter()
    done = subprocess.run(command, env=inst.environ, check=True, stdout=subprocess.PIPE)
    return time.perf_counter() - began, json.loads(done.stdout)


def measure(inst: Installation) -> dict[str, object]:
    """Seconds for one year of the base, and for two years beside each other."""
    make_base(inst)
    say(f"{LINES} lines")
    seconds, told = timed(inst, "--days", "365")
    today = told["today"]
    assert isinstance(today, dict)
    if told["lines"] != LINES:
        raise RuntimeError(f"{told['lines']} lines of {LINES}")
    say(f"a year: {seconds:.1f} s; { ({k: sum(v) for k, v in today['counts'].items()}) }")
    proposed = Path(inst.folder) / "proposed.toml"
    proposed.write_text(PROPOSED)
    beside, _ = timed(inst, "--days", "365", "--policy", str(proposed))
    say(f"with a proposed policy beside it: {beside:.1f} s")
    return {
        "simulate_s": round(seconds, 1),
        "simulate_beside_s": round(beside, 1),
        "lines": LINES,
        "steps": sum(sum(values) for values in today["counts"].values()),
        "rss_peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10,
    }


if __name__ == "__main__":
    with installation() as inst:
        print(json.dumps(measure(inst) | {"machine": machine()}))
