"""A batch is loaded in sets: staged, judged against the base, entered. One transaction.

Ids follow from content (judging.py), so the same row meets itself: what is there already stays.
Locks are taken in everybody's order: numbers, lines, wallets, orders.
"""

STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS import_staged (
  slot smallint, account_id uuid, account_ref text, line_number int, name text, email text,
  phone text, language text, time_zone text, currency text, balance_minor bigint, wallet_id uuid,
  opening_id uuid, line_kind text, e164 bigint, number_slot smallint, number_id uuid,
  period_id uuid, iccid text, carrier_id int, plan_id int, policy_id int, line_id uuid,
  order_id uuid, extension_id uuid, activated_at timestamptz, valid_until timestamptz,
  auto_renew boolean, said_balance text, said_msisdn text, said_iccid text,
  present boolean NOT NULL DEFAULT false
) ON COMMIT DELETE ROWS
"""
STAGE_REFUSED = """
CREATE TEMPORARY TABLE IF NOT EXISTS import_refused (
  line_number int, field text, value text, reason text
) ON COMMIT DELETE ROWS
"""
EMPTY = "TRUNCATE import_staged, import_refused"
# Without statistics the planner takes a batch for a handful; a few hundred samples do.
FEW_SAMPLES = "SET LOCAL default_statistics_target = 2"
SAMPLE = "ANALYZE import_staged (slot, account_id, wallet_id, line_id, number_slot, e164, iccid)"

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
         CASE WHEN a.id IS NOT NULL THEN 'differs_from_the_account'
              ELSE 'differs_from_line_' || first_value(s.line_number) OVER account END AS reason
  FROM import_staged s
  LEFT JOIN accounts_account a ON a.slot = s.slot AND a.id = s.account_id
  WINDOW account AS (PARTITION BY s.account_id ORDER BY s.line_number)
) AS said
CROSS JOIN LATERAL (VALUES
  ('name', name, name_before), ('email', email, email_before), ('phone', phone, phone_before),
  ('language', language, language_before), ('time_zone', time_zone, time_zone_before),
  ('currency', currency, currency_before)
) AS told(field, value, before)
WHERE (name, email, phone, language, time_zone, currency)
      IS DISTINCT FROM (name_before, email_before, phone_before, language_before,
                        time_zone_before, currency_before)
  AND told.value <> told.before
"""
# A balance stands on one of the account's rows; where it stands twice, it is the same.
BALANCES = """
INSERT INTO import_refused
SELECT line_number, 'wallet_balance', said_balance,
       CASE WHEN booked_minor IS NOT NULL THEN 'differs_from_what_was_booked'
            ELSE 'differs_from_line_' || first_line END
FROM (
  SELECT s.line_number, s.said_balance, s.balance_minor, t.amount_minor AS booked_minor,
         first_value(s.balance_minor) OVER wallet AS first_minor,
         first_value(s.line_number) OVER wallet AS first_line
  FROM import_staged s
  LEFT JOIN ledger_transfer t ON t.slot = s.slot AND t.id = s.opening_id
  WHERE s.balance_minor IS NOT NULL
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
SELECT s.line_number, CASE WHEN s.e164 IS NULL THEN 'iccid' ELSE 'msisdn' END,
       CASE WHEN s.e164 IS NULL THEN s.said_iccid ELSE s.said_msisdn END,
       'repeats_line_' || split_part(o.actor, ':', 3)
FROM import_staged s
JOIN orders_order o ON o.slot = s.slot AND o.id = s.order_id
WHERE o.actor LIKE %(run_actors)s AND o.actor <> %(run_actor)s || s.line_number
"""
HELD = """
INSERT INTO import_refused
SELECT s.line_number, 'msisdn', s.said_msisdn,
       CASE n.state WHEN 'quarantine' THEN 'in_quarantine' ELSE 'held_already' END
FROM import_staged s
JOIN inventory_number n ON n.slot = s.number_slot AND n.e164 = s.e164
WHERE n.state <> 'available' AND n.line_id IS DISTINCT FROM s.line_id
"""
HELD_THEN = """
INSERT INTO import_refused
SELECT s.line_number, 'msisdn', s.said_msisdn, 'held_by_another_at_that_time'
FROM import_staged s
JOIN inventory_number n ON n.slot = s.number_slot AND n.e164 = s.e164
JOIN inventory_ownershipperiod p
  ON point(p.e164, hashint8(p.e164)) ~= point(s.e164, hashint8(s.e164))
 AND p.during && tstzrange(s.activated_at, NULL)
WHERE n.state = 'available'
"""
HELD_CARDS = """
INSERT INTO import_refused
SELECT s.line_number, 'iccid', s.said_iccid, 'held_already'
FROM import_staged s
JOIN inventory_cardholding c ON c.iccid = s.iccid
WHERE c.line_id <> s.line_id
"""
# Against the other rows of the batch, and against the base with the rows of earlier batches in it.
JUDGE = (
    AGREEMENT,
    BALANCES,
    REPEATED,
    REPEATED_CARDS,
    REPEATED_BEFORE,
    HELD,
    HELD_THEN,
    HELD_CARDS,
)
REFUSALS = """
SELECT DISTINCT ON (line_number) line_number, field, value, reason FROM import_refused
ORDER BY line_number, field, reason
"""
DROP_REFUSED = (
    "DELETE FROM import_staged s USING import_refused r WHERE r.line_number = s.line_number"
)
MARK_PRESENT = """
UPDATE import_staged s SET present = true
FROM lines_line l WHERE l.slot = s.slot AND l.id = s.line_id
"""

ACCOUNTS = """
INSERT INTO accounts_account (slot, id, name, currency, language, time_zone, contact_email,
                              contact_phone, external_ref, opened_at)
SELECT DISTINCT ON (account_id) slot, account_id, name, currency, language, time_zone, email,
       phone, account_ref, %(now)s
FROM import_staged ORDER BY account_id, line_number
ON CONFLICT DO NOTHING
"""
NUMBERS = """
INSERT INTO inventory_number (slot, id, e164, state, since_at, line_id, account_id)
SELECT number_slot, number_id, e164, 'assigned', activated_at, line_id, account_id
FROM import_staged WHERE e164 IS NOT NULL AND NOT present ORDER BY number_id
ON CONFLICT (slot, e164) DO UPDATE
SET state = 'assigned', since_at = excluded.since_at, line_id = excluded.line_id,
    account_id = excluded.account_id, until_at = NULL
WHERE inventory_number.state = 'available'
"""
PERIODS = """
INSERT INTO inventory_ownershipperiod (slot, id, e164, during, account_id, line_id)
SELECT number_slot, period_id, e164, tstzrange(activated_at, NULL), account_id, line_id
FROM import_staged WHERE e164 IS NOT NULL AND NOT present ORDER BY number_id
"""
CARDS = """
INSERT INTO inventory_cardholding (iccid, line_id)
SELECT iccid, line_id FROM import_staged WHERE iccid IS NOT NULL AND NOT present ORDER BY iccid
"""
LINES = """
INSERT INTO lines_line (slot, id, account_id, kind, label, e164, iccid, carrier_id, time_zone,
                        opened_at, activated_at)
SELECT slot, line_id, account_id, line_kind, '', e164, iccid, carrier_id, time_zone, activated_at,
       activated_at
FROM import_staged WHERE NOT present
"""
# A month counts from the end that the base brought along: anchor_count 0 makes it the anchor.
VALIDITIES = """
INSERT INTO lines_validity (slot, id, account_id, wallet_id, state, plan_id, policy_id,
                            valid_until, anchor_at, anchor_count, auto_renew, dormant,
                            next_action_at, clock_id)
SELECT slot, line_id, account_id, wallet_id, 'active', plan_id, policy_id, valid_until, valid_until,
       0, auto_renew, true, valid_until, 0
FROM import_staged WHERE NOT present
"""
# Rows that are in already may still bring the balance that no row had brought before.
WALLETS = """
WITH wallet AS (
  SELECT DISTINCT ON (wallet_id) slot, wallet_id, account_id, currency, opening_id, balance_minor
  FROM import_staged ORDER BY wallet_id, balance_minor NULLS LAST
), booked AS (
  INSERT INTO ledger_transfer (slot, id, debit_id, credit_id, amount_minor, currency, code, phase,
                               booked_at)
  SELECT w.slot, w.opening_id, h.id, w.wallet_id, w.balance_minor, w.currency, %(code)s::smallint,
         'single', %(now)s
  FROM wallet w
  JOIN ledger_houseaccount h ON h.code = 'opening_equity' AND h.currency = w.currency
  WHERE w.balance_minor > 0
  ON CONFLICT DO NOTHING
  RETURNING credit_id, amount_minor
)
INSERT INTO ledger_wallet AS held (slot, id, account_id, currency, purpose, posted_minor,
                                   pending_minor)
SELECT w.slot, w.wallet_id, w.account_id, w.currency, 'cash', coalesce(b.amount_minor, 0), 0
FROM wallet w LEFT JOIN booked b ON b.credit_id = w.wallet_id
ORDER BY w.wallet_id
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
ENTER = (ACCOUNTS, NUMBERS, PERIODS, CARDS, LINES, VALIDITIES, WALLETS, ORDERS, EXTENSIONS)
