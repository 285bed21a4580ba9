"""A batch is loaded in sets: staged, judged against the base, entered. One transaction.

Ids follow from content (judging.py), so the same row meets itself: what is there already stays.
Locks are taken in everybody's order: numbers, lines, wallets, orders.

The base is asked once for each row which of its account, line, balance and number it has; only
those are looked at again. It is asked by subqueries that the planner cannot turn into joins: a
join would read whole tables for every batch, and the more, the further the import is.
"""

# Fixed widths first: the columns behind them need not be walked through.
STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS import_staged (
  account_known boolean NOT NULL DEFAULT false, present boolean NOT NULL DEFAULT false,
  booked boolean NOT NULL DEFAULT false, number_known boolean NOT NULL DEFAULT false,
  auto_renew boolean, slot smallint, line_number int, plan_id int, policy_id int,
  account_id uuid, wallet_id uuid, line_id uuid, order_id uuid, extension_id uuid,
  activated_at timestamptz, valid_until timestamptz,
  e164 bigint, number_slot smallint, number_id uuid, period_id uuid,
  carrier_id int, balance_minor bigint, opening_id uuid,
  currency text, line_kind text, iccid text, account_ref text, name text, email text, phone text,
  language text, time_zone text, said_balance text, said_msisdn text, said_iccid text,
  sim_kind text
) ON COMMIT DELETE ROWS
"""
STAGE_REFUSED = """
CREATE TEMPORARY TABLE IF NOT EXISTS import_refused (
  line_number int, field text, value text, reason text
) ON COMMIT DELETE ROWS
"""
EMPTY = "TRUNCATE import_staged, import_refused"
ACCOUNT_KNOWN = """
UPDATE import_staged s SET account_known = true
WHERE (SELECT true FROM accounts_account a WHERE a.slot = s.slot AND a.id = s.account_id)
"""
PRESENT = """
UPDATE import_staged s SET present = true
WHERE account_known
  AND (SELECT true FROM lines_line l WHERE l.slot = s.slot AND l.id = s.line_id)
"""
BOOKED = """
UPDATE import_staged s SET booked = true
WHERE account_known
  AND (SELECT true FROM ledger_transfer t WHERE t.slot = s.slot AND t.id = s.opening_id)
"""
NUMBER_KNOWN = """
UPDATE import_staged s SET number_known = true
WHERE (SELECT true FROM inventory_number n WHERE n.slot = s.number_slot AND n.e164 = s.e164)
"""
# Which of the cards are in stock, and as what: card or profile. Mostly the stock is empty still.
SIM_KIND = """
UPDATE import_staged s
SET sim_kind = (SELECT d.kind FROM inventory_simidentity d WHERE d.iccid = s.iccid)
WHERE EXISTS (SELECT FROM inventory_simidentity)
  AND (SELECT true FROM inventory_simidentity d WHERE d.iccid = s.iccid)
"""
ASK = (ACCOUNT_KNOWN, PRESENT, BOOKED, NUMBER_KNOWN, SIM_KIND)

# Without statistics the planner takes a batch for a handful, and what is known for half of it; a
# few hundred samples do.
SAMPLE = (
    "SET LOCAL default_statistics_target = 2",
    """
ANALYZE import_staged (account_known, present, booked, number_known, slot, account_id, wallet_id,
                       line_id, number_slot, e164, iccid, sim_kind)
""",
)

# An account's fields are the same on all of its rows: as the base has them, else as the first says.
AGREEMENT = """
INSERT INTO import_refused
SELECT line_number, told.field, told.value, reason
FROM (
  SELECT s.line_number, s.name, s.email, s.phone, s.language, s.time_zone, s.currency,
         coalesce(a.name, first_value(s.name) OVER account) AS name_before,
         coalesce(a.contact_email, first_value(s.email) OVER account) AS email_before,
         coalesce(a.contact_phone, first_value(s.phone) OVER account) AS phone_before,
         coalesce(a.language, first_value(s.language) OVER account) AS language_before,
         coalesce(a.time_zone, first_value(s.time_zone) OVER account) AS time_zone_before,
         coalesce(a.currency, first_value(s.currency) OVER account) AS currency_before,
         CASE WHEN s.account_known THEN 'differs_from_the_account'
              ELSE 'differs_from_line_' || first_value(s.line_number) OVER account END AS reason
  FROM import_staged s
  LEFT JOIN LATERAL (
    SELECT * FROM accounts_account WHERE slot = s.slot AND id = s.account_id OFFSET 0
  ) AS a ON s.account_known
  WHERE s.account_known
     OR s.account_id IN (SELECT account_id FROM import_staged GROUP BY 1 HAVING count(*) > 1)
  WINDOW account AS (PARTITION BY s.account_id ORDER BY s.line_number)
) AS said
CROSS JOIN LATERAL (VALUES
  ('name', name, name_before), ('email', email, email_before), ('phone', phone, phone_before),
  ('language', language, language_before), ('time_zone', time_zone, time_zone_before),
  ('currency', currency, currency_before)
) AS told(field, value, before)
WHERE told.value <> told.before
"""
# A balance stands on one of the account's rows; where it stands twice, it is the same.
BALANCES = """
INSERT INTO import_refused
SELECT line_number, 'wallet_balance', said_balance,
       CASE WHEN booked THEN 'differs_from_what_was_booked'
            ELSE 'differs_from_line_' || first_line END
FROM (
  SELECT s.line_number, s.said_balance, s.balance_minor, s.booked,
         (SELECT amount_minor FROM ledger_transfer t
          WHERE s.booked AND t.slot = s.slot AND t.id = s.opening_id) AS booked_minor,
         first_value(s.balance_minor) OVER wallet AS first_minor,
         first_value(s.line_number) OVER wallet AS first_line
  FROM import_staged s
  WHERE s.balance_minor IS NOT NULL AND (s.booked OR s.wallet_id IN (
    SELECT wallet_id FROM import_staged GROUP BY 1 HAVING count(balance_minor) > 1))
  WINDOW wallet AS (PARTITION BY s.wallet_id ORDER BY s.line_number)
) AS said
WHERE balance_minor <> coalesce(booked_minor, first_minor)
"""


def _repeated(key: str, field: str) -> str:
    return f"""
SELECT line_number, '{field}', said_{field}, 'repeats_line_' || first_line FROM (
  SELECT line_number, said_{field},
         first_value(line_number) OVER (PARTITION BY {key} ORDER BY line_number) AS first_line
  FROM import_staged WHERE {key} IS NOT NULL
) AS said WHERE line_number <> first_line
"""


REPEATED = "INSERT INTO import_refused" + _repeated("e164", "msisdn")
REPEATED_CARDS = "INSERT INTO import_refused" + _repeated("iccid", "iccid")
# An opening order tells in its actor by which line of which import it came.
REPEATED_BEFORE = """
INSERT INTO import_refused
SELECT line_number, CASE WHEN e164 IS NULL THEN 'iccid' ELSE 'msisdn' END,
       CASE WHEN e164 IS NULL THEN said_iccid ELSE said_msisdn END,
       'repeats_line_' || split_part(actor, ':', 3)
FROM (
  SELECT s.*, (SELECT actor FROM orders_order o WHERE o.slot = s.slot AND o.id = s.order_id)
  FROM import_staged s WHERE s.present
) AS said
WHERE actor LIKE %(run_actors)s AND actor <> %(run_actor)s || line_number
"""
HELD = """
INSERT INTO import_refused
SELECT line_number, 'msisdn', said_msisdn, reason
FROM (
  SELECT s.line_number, s.said_msisdn,
         CASE WHEN n.state = 'quarantine' THEN 'in_quarantine'
              WHEN n.state <> 'available' THEN 'held_already'
              WHEN EXISTS (SELECT FROM inventory_ownershipperiod p
                           WHERE p.slot = s.number_slot AND p.e164 = s.e164
                             AND (p.ends_at > s.activated_at OR p.ends_at IS NULL))
              THEN 'held_by_another_at_that_time' END AS reason
  FROM import_staged s
  CROSS JOIN LATERAL (
    SELECT state, line_id FROM inventory_number
    WHERE slot = s.number_slot AND e164 = s.e164 OFFSET 0
  ) AS n
  WHERE s.number_known AND n.line_id IS DISTINCT FROM s.line_id
) AS said
WHERE reason IS NOT NULL
"""
HELD_CARDS = """
INSERT INTO import_refused
SELECT s.line_number, 'iccid', s.said_iccid, 'held_already'
FROM import_staged s
WHERE (SELECT line_id FROM inventory_cardholding c WHERE c.iccid = s.iccid) <> s.line_id
"""
SOLD_CARDS = """
INSERT INTO import_refused
SELECT line_number, 'iccid', said_iccid, 'held_already'
FROM (
  SELECT s.*, coalesce(
           (SELECT c.state FROM inventory_card c WHERE c.slot = s.sim_slot AND c.iccid = s.iccid),
           (SELECT p.state FROM inventory_profile p WHERE p.slot = s.sim_slot AND p.iccid = s.iccid)
         ) AS stock_state
  FROM (SELECT *, get_byte(sha256(iccid::bytea), 0) AS sim_slot FROM import_staged
        WHERE sim_kind IS NOT NULL AND NOT present) AS s
) AS said
WHERE stock_state <> 'available'
"""
# Against the other rows of the batch, and against the base with the rows of earlier batches in it.
JUDGE = (
    AGREEMENT,
    BALANCES,
    REPEATED,
    REPEATED_CARDS,
    REPEATED_BEFORE,
    HELD,
    HELD_CARDS,
    SOLD_CARDS,
)
REFUSALS = """
SELECT DISTINCT ON (line_number) line_number, field, value, reason FROM import_refused
ORDER BY line_number, field, reason
"""
DROP_REFUSED = (
    "DELETE FROM import_staged s USING import_refused r WHERE r.line_number = s.line_number"
)

ACCOUNTS = """
INSERT INTO accounts_account (slot, id, name, currency, language, time_zone, contact_email,
                              contact_phone, external_ref, opened_at)
SELECT DISTINCT ON (account_id) slot, account_id, name, currency, language, time_zone, email,
       phone, account_ref, %(now)s
FROM import_staged WHERE NOT account_known ORDER BY account_id, line_number
"""
NUMBERS = """
INSERT INTO inventory_number (slot, id, e164, state, since_at, line_id, account_id)
SELECT number_slot, number_id, e164, 'assigned', activated_at, line_id, account_id
FROM import_staged WHERE e164 IS NOT NULL AND NOT number_known ORDER BY number_id
"""
# In the order that everybody takes numbers in: the update alone takes them as it finds them.
LOCK_STOCK = """
SELECT (SELECT n.id FROM inventory_number n WHERE n.slot = s.number_slot AND n.e164 = s.e164
        FOR NO KEY UPDATE)
FROM (SELECT number_slot, e164 FROM import_staged WHERE number_known AND NOT present
      ORDER BY number_slot, e164 OFFSET 0) AS s
"""
NUMBERS_IN_STOCK = """
UPDATE inventory_number n
SET state = 'assigned', since_at = s.activated_at, line_id = s.line_id,
    account_id = s.account_id, until_at = NULL
FROM import_staged s
WHERE n.slot = s.number_slot AND n.e164 = s.e164 AND n.state = 'available'
  AND s.number_known AND NOT s.present
"""
PERIODS = """
INSERT INTO inventory_ownershipperiod (slot, id, e164, begins_at, follows_at, account_id, line_id)
SELECT number_slot, period_id, e164, activated_at,
       (SELECT max(p.ends_at) FROM inventory_ownershipperiod p
        WHERE s.number_known AND p.slot = s.number_slot AND p.e164 = s.e164),
       account_id, line_id
FROM import_staged s WHERE e164 IS NOT NULL AND NOT present ORDER BY number_slot, e164
"""
CARDS = """
INSERT INTO inventory_cardholding (iccid, line_id)
SELECT iccid, line_id FROM import_staged WHERE iccid IS NOT NULL AND NOT present ORDER BY iccid
"""


def _in_stock(table: str, kind: str, in_use: str) -> str:
    """What the base's line has leaves the shelf."""
    return f"""
UPDATE {table} c
SET state = '{in_use}', since_at = %(now)s, line_id = s.line_id, account_id = s.account_id
FROM import_staged s
WHERE s.sim_kind = '{kind}' AND NOT s.present
  AND c.slot = get_byte(sha256(s.iccid::bytea), 0) AND c.iccid = s.iccid AND c.state = 'available'
"""


CARDS_IN_STOCK = _in_stock("inventory_card", "card", "assigned")
PROFILES_IN_STOCK = _in_stock("inventory_profile", "profile", "installed")
LINES = """
INSERT INTO lines_line (slot, id, account_id, kind, label, e164, iccid, carrier_id, opened_at,
                        activated_at)
SELECT slot, line_id, account_id, line_kind, '', e164, iccid, carrier_id, activated_at, activated_at
FROM import_staged WHERE NOT present
"""
# A month counts from the end that the base brought along: anchor_count 0 makes it the anchor.
VALIDITIES = """
INSERT INTO lines_validity (slot, id, account_id, wallet_id, state, time_zone, plan_id, policy_id,
                            valid_until, anchor_at, anchor_count, auto_renew, dormant, clock_id)
SELECT slot, line_id, account_id, wallet_id, 'active', time_zone, plan_id, policy_id, valid_until,
       valid_until, 0, auto_renew, true,
       CASE WHEN account_known THEN (SELECT a.clock_id FROM accounts_account a
                                     WHERE a.slot = s.slot AND a.id = s.account_id) ELSE 0 END
FROM import_staged s WHERE NOT present
"""
# A batch is waited for by nobody: what a crash takes back is loaded again, and the note that the
# import is finished is waited for, and with it all batches before.
NOT_AWAITED = "SET LOCAL synchronous_commit = off"
# Rows that are in already may still bring the balance that no row had brought before.
OPENING_BALANCES = """
INSERT INTO ledger_transfer (slot, id, debit_id, credit_id, amount_minor, currency, code, phase,
                             booked_at)
SELECT DISTINCT ON (s.opening_id) s.slot, s.opening_id, h.id, s.wallet_id, s.balance_minor,
       s.currency, %(code)s::smallint, 'single', %(now)s
FROM import_staged s
JOIN ledger_houseaccount h
  ON h.code = 'opening_equity' AND h.currency = s.currency AND h.party = ''
WHERE s.balance_minor > 0 AND NOT s.booked
"""


def _wallets(whose: str) -> str:
    return f"""
INSERT INTO ledger_wallet AS held (slot, id, account_id, currency, purpose, posted_minor,
                                   pending_minor)
SELECT slot, wallet_id, account_id, currency, 'cash',
       coalesce(max(balance_minor) FILTER (WHERE NOT booked), 0), 0
FROM import_staged WHERE {whose}
GROUP BY slot, wallet_id, account_id, currency ORDER BY wallet_id
"""


NEW_WALLETS = _wallets("NOT account_known")
WALLETS = f"""
{_wallets("account_known")}
ON CONFLICT (slot, id) DO UPDATE SET posted_minor = held.posted_minor + excluded.posted_minor
WHERE excluded.posted_minor > 0
"""
ORDERS = """
INSERT INTO orders_order (slot, id, account_id, line_id, wallet_id, kind, state, plan_id, delivery,
    currency, subtotal_minor, discount_minor, tax_minor, total_minor, wallet_minor, payment_minor,
    valid_until_after, actor, channel, seller, accepted_at, completed_at, attempts, undo_due,
    failure_code)
SELECT slot, order_id, account_id, line_id, wallet_id, 'opening', 'completed', plan_id, 'ledger',
    currency, 0, 0, 0, 0, 0, 0, valid_until, %(run_actor)s || line_number, 'import', 'house',
    %(now)s, %(now)s, 0, false, ''
FROM import_staged WHERE NOT present
"""
# What is left of the buckets no file tells: nobody gets less than the plan gives for a term.
EXTENSIONS = """
INSERT INTO lines_extension (slot, id, line_id, order_id, plan_id, period_start, period_end,
    anchor_at, anchor_count, granted_at, data_bytes, voice_seconds, sms_count)
SELECT s.slot, s.extension_id, s.line_id, s.order_id, s.plan_id, s.activated_at, s.valid_until,
    s.valid_until, 0, %(now)s, p.data_bytes, p.voice_seconds, p.sms_count
FROM import_staged s JOIN catalog_plan p ON p.id = s.plan_id
WHERE NOT s.present
"""
ENTER = (
    ACCOUNTS,
    LOCK_STOCK,
    NUMBERS_IN_STOCK,
    NUMBERS,
    PERIODS,
    CARDS,
    CARDS_IN_STOCK,
    PROFILES_IN_STOCK,
    LINES,
    VALIDITIES,
    OPENING_BALANCES,
    NEW_WALLETS,
    WALLETS,
    ORDERS,
    EXTENSIONS,
)
COUNT_PRESENT = "SELECT count(*) FROM import_staged WHERE present"
