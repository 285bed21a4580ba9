"""A batch is loaded in sets: staged, judged against the base, entered. One transaction.

Ids follow from content (judging.py), so the same row meets itself: what is there already stays.
"""

STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS import_staged (
  line_number int, account_ref text, slot smallint, account_id uuid, name text, email text,
  phone text, language text, time_zone text, currency text, balance_minor bigint, wallet_id uuid,
  opening_id uuid, line_kind text, e164 bigint, number_slot smallint, number_id uuid,
  period_id uuid, iccid text, carrier_id int, plan_id int, policy_id int, line_id uuid,
  order_id uuid, extension_id uuid, activated_at timestamptz, valid_until timestamptz,
  auto_renew boolean
) ON COMMIT DELETE ROWS
"""
STAGE_REFUSED = """
CREATE TEMPORARY TABLE IF NOT EXISTS import_refused (
  line_number int, field text, value text, reason text
) ON COMMIT DELETE ROWS
"""
EMPTY = "TRUNCATE import_staged, import_refused"

ACCOUNT_FIELDS = ("name", "email", "phone", "language", "time_zone")
HELD_FIELDS = ("name", "contact_email", "contact_phone", "language", "time_zone")


def _agree(field: str) -> str:
    return f"""
    SELECT line_number, '{field}', {field}, 'differs_from_line_' || first_line FROM (
      SELECT line_number, {field},
             first_value({field}) OVER account AS first, first_value(line_number) OVER account
               AS first_line
      FROM import_staged WINDOW account AS (PARTITION BY account_ref ORDER BY line_number)
    ) AS said WHERE {field} <> first"""


def _agree_with_base(field: str, held: str) -> str:
    return f"""
    SELECT s.line_number, '{field}', s.{field}, 'differs_from_the_account'
    FROM import_staged s
    JOIN accounts_account a ON a.slot = s.slot AND a.external_ref = s.account_ref
    WHERE s.{field} <> a.{held}"""


def _repeated(field: str) -> str:
    return f"""
    SELECT line_number, '{field}', {field}::text, 'repeats_line_' || first_line FROM (
      SELECT line_number, {field},
             row_number() OVER number AS place, first_value(line_number) OVER number AS first_line
      FROM import_staged WHERE {field} IS NOT NULL
      WINDOW number AS (PARTITION BY {field} ORDER BY line_number)
    ) AS said WHERE place > 1"""


# Against the other rows of the batch, and against the base with the rows of earlier batches in it.
JUDGE = "INSERT INTO import_refused" + "\n    UNION ALL".join(
    [
        *(_agree(field) for field in ACCOUNT_FIELDS),
        *(_agree_with_base(f, h) for f, h in zip(ACCOUNT_FIELDS, HELD_FIELDS, strict=True)),
        _repeated("e164"),
        _repeated("iccid"),
        """
    SELECT line_number, 'wallet_balance', balance_minor::text, 'differs_from_line_' || first_line
    FROM (
      SELECT line_number, balance_minor,
             first_value(balance_minor) OVER wallet AS first, first_value(line_number) OVER wallet
               AS first_line
      FROM import_staged WHERE balance_minor IS NOT NULL
      WINDOW wallet AS (PARTITION BY wallet_id ORDER BY line_number)
    ) AS said WHERE balance_minor <> first""",
        """
    SELECT s.line_number, 'wallet_balance', s.balance_minor::text, 'differs_from_what_was_booked'
    FROM import_staged s
    JOIN ledger_transfer t ON t.slot = s.slot AND t.id = s.opening_id
    WHERE s.balance_minor <> t.amount_minor""",
        """
    SELECT s.line_number, 'msisdn', s.e164::text,
           CASE WHEN n.line_id = s.line_id THEN 'repeats_an_earlier_line' ELSE 'held_already' END
    FROM import_staged s
    JOIN inventory_number n ON n.slot = s.number_slot AND n.e164 = s.e164
    LEFT JOIN orders_order o ON o.slot = s.slot AND o.id = s.order_id
    WHERE n.line_id IS DISTINCT FROM s.line_id AND n.state <> 'available'
       OR n.line_id = s.line_id AND o.actor LIKE %(run_actors)s
          AND o.actor <> %(run_actor)s || s.line_number""",
        """
    SELECT s.line_number, 'msisdn', s.e164::text, 'held_by_another_at_that_time'
    FROM import_staged s
    JOIN inventory_number n ON n.slot = s.number_slot AND n.e164 = s.e164
    JOIN inventory_ownershipperiod p
      ON int8range(p.e164, p.e164, '[]') && int8range(s.e164, s.e164, '[]')
     AND p.during && tstzrange(s.activated_at, NULL)
    WHERE p.line_id <> s.line_id AND n.state = 'available'""",
        """
    SELECT s.line_number, 'iccid', s.iccid, 'held_already'
    FROM import_staged s JOIN inventory_cardholding c ON c.iccid = s.iccid
    WHERE c.line_id <> s.line_id""",
    ]
)
DROP_REFUSED = (
    "DELETE FROM import_staged s USING import_refused r WHERE r.line_number = s.line_number"
)
DROP_PRESENT = """
DELETE FROM import_staged s USING lines_line l WHERE l.slot = s.slot AND l.id = s.line_id
"""
REFUSALS = """
SELECT DISTINCT ON (line_number) line_number, field, value, reason FROM import_refused
ORDER BY line_number, field, reason
"""

ACCOUNTS = """
INSERT INTO accounts_account (slot, id, name, currency, language, time_zone, contact_email,
                              contact_phone, external_ref, opened_at)
SELECT DISTINCT ON (account_ref) slot, account_id, name, currency, language, time_zone, email,
       phone, account_ref, %(now)s
FROM import_staged ORDER BY account_ref, line_number
ON CONFLICT DO NOTHING
"""
WALLETS = """
INSERT INTO ledger_wallet (slot, id, account_id, currency, purpose, posted_minor, pending_minor)
SELECT DISTINCT slot, wallet_id, account_id, currency, 'cash', 0, 0 FROM import_staged
ON CONFLICT DO NOTHING
"""
OPENING_BALANCES = """
WITH booked AS (
  INSERT INTO ledger_transfer (slot, id, debit_id, credit_id, amount_minor, currency, code, phase,
                               booked_at)
  SELECT DISTINCT ON (s.opening_id) s.slot, s.opening_id, h.id, s.wallet_id, s.balance_minor,
         s.currency, %(code)s::smallint, 'single', %(now)s
  FROM import_staged s
  JOIN ledger_houseaccount h ON h.code = 'opening_equity' AND h.currency = s.currency
  WHERE s.balance_minor > 0
  ON CONFLICT DO NOTHING
  RETURNING slot, credit_id, amount_minor
)
UPDATE ledger_wallet w SET posted_minor = w.posted_minor + booked.amount_minor
FROM booked WHERE w.slot = booked.slot AND w.id = booked.credit_id
"""
NUMBERS = """
INSERT INTO inventory_number (slot, id, e164, state, since_at, line_id, account_id)
SELECT number_slot, number_id, e164, 'assigned', activated_at, line_id, account_id
FROM import_staged WHERE e164 IS NOT NULL
ON CONFLICT (slot, e164) DO UPDATE
SET state = 'assigned', since_at = excluded.since_at, line_id = excluded.line_id,
    account_id = excluded.account_id
WHERE inventory_number.state = 'available'
"""
PERIODS = """
INSERT INTO inventory_ownershipperiod (slot, id, e164, during, account_id, line_id)
SELECT number_slot, period_id, e164, tstzrange(activated_at, NULL), account_id, line_id
FROM import_staged WHERE e164 IS NOT NULL
"""
CARDS = """
INSERT INTO inventory_cardholding (iccid, line_id)
SELECT iccid, line_id FROM import_staged WHERE iccid IS NOT NULL
"""
LINES = """
INSERT INTO lines_line (slot, id, account_id, kind, label, e164, iccid, carrier_id, time_zone,
                        opened_at, activated_at)
SELECT slot, line_id, account_id, line_kind, '', e164, iccid, carrier_id, time_zone, activated_at,
       activated_at
FROM import_staged
"""
# A month counts from the end that the base brought along: anchor_count 0 makes it the anchor.
VALIDITIES = """
INSERT INTO lines_validity (slot, id, account_id, wallet_id, state, plan_id, policy_id,
                            valid_until, anchor_at, anchor_count, auto_renew, dormant,
                            next_action_at, clock_id)
SELECT slot, line_id, account_id, wallet_id, 'active', plan_id, policy_id, valid_until, valid_until,
       0, auto_renew, true, valid_until, 0
FROM import_staged
"""
ORDERS = """
INSERT INTO orders_order (slot, id, account_id, line_id, wallet_id, kind, state, plan_id, delivery,
    currency, subtotal_minor, discount_minor, tax_minor, total_minor, wallet_minor, payment_minor,
    valid_until_after, actor, channel, seller, accepted_at, completed_at, attempts, undo_due,
    failure_code)
SELECT slot, order_id, account_id, line_id, wallet_id, 'opening', 'completed', plan_id, 'ledger',
    currency, 0, 0, 0, 0, 0, 0, valid_until, %(run_actor)s || line_number, 'import', 'house',
    %(now)s, %(now)s, 0, false, ''
FROM import_staged
"""
EXTENSIONS = """
INSERT INTO lines_extension (slot, id, line_id, order_id, plan_id, period_start, period_end,
    anchor_at, anchor_count, granted_at, data_bytes, voice_seconds, sms_count)
SELECT slot, extension_id, line_id, order_id, plan_id, activated_at, valid_until, valid_until, 0,
    %(now)s, 0, 0, 0
FROM import_staged
"""
ENTER = (
    ACCOUNTS,
    WALLETS,
    OPENING_BALANCES,
    NUMBERS,
    PERIODS,
    CARDS,
    LINES,
    VALIDITIES,
    ORDERS,
    EXTENSIONS,
)
