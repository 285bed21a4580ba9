-- Renews many active lines from their wallets: one transaction, each line once (docs/lifecycle.md).
--
-- Those of the given lines that are due still are locked, skipping what somebody has; then their wallets, in the order
-- of their ids, as everywhere. Of one wallet, lines are paid in the order in which they were due;
-- the first that it cannot pay ends the row for this time, that of the next batch as well (`ended`).
-- What is not renewed here is told to the caller with the reason. The rows are those that flows/renew_line writes for one line.
WITH agenda AS MATERIALIZED (
  SELECT policy_id, lead, offsets::interval[] AS offsets, steps::smallint[] AS steps, from_expiry
  FROM unnest(%(policies)s::int[], %(leads)s::smallint[], %(offsets)s::text[], %(steps)s::text[],
              %(from_expiry)s::boolean[]) AS a(policy_id, lead, offsets, steps, from_expiry)
), tariff AS MATERIALIZED (
  SELECT mode, plan_id, currency, tax_kind, target, subtotal, discount, tax, tax_country, tax_rate,
         tax_inclusive, total, months, days, data, voice, sms, buckets, proof::jsonb AS proof,
         deferred, tax_account
  FROM unnest(%(mode)s::text[], %(plan)s::int[], %(currency)s::text[], %(tax_kind)s::smallint[],
              %(target)s::int[], %(subtotal)s::bigint[], %(discount)s::bigint[], %(tax)s::bigint[],
              %(tax_country)s::text[], %(tax_rate)s::int[], %(tax_inclusive)s::boolean[],
              %(total)s::bigint[], %(months)s::int[], %(days)s::int[], %(data)s::bigint[],
              %(voice)s::bigint[], %(sms)s::bigint[], %(buckets)s::boolean[], %(proof)s::text[],
              %(deferred)s::uuid[], %(tax_account)s::uuid[])
    AS t(mode, plan_id, currency, tax_kind, target, subtotal, discount, tax, tax_country, tax_rate,
         tax_inclusive, total, months, days, data, voice, sms, buckets, proof, deferred, tax_account)
), taxing AS MATERIALIZED (  -- of no country: kind 0
  SELECT country, kind
  FROM unnest(%(taxed_countries)s::text[], %(their_kinds)s::smallint[]) AS k(country, kind)
), due AS MATERIALIZED (  -- each by its key. The planner shall expect as many as are given: from how few of all
  SELECT v.slot, v.id, v.account_id, v.wallet_id, v.state, v.plan_id, v.policy_id, v.valid_until,
         v.auto_renew, v.next_action_at, v.time_zone, v.anchor_at, v.anchor_count,
         coalesce(v.lead_days, -1) AS lead, {country} AS country,
         EXISTS (
           SELECT FROM orders_order o
           WHERE o.slot = v.slot AND o.line_id = v.id
             AND o.state IN ('acknowledged', 'pending', 'in_progress', 'held')) AS under_way
  FROM unnest(%(due_slots)s::smallint[], %(due_ids)s::uuid[]) AS given(slot, id)
  CROSS JOIN LATERAL (  -- lines are due it would guess one, and compare every line with every wallet
    SELECT * FROM lines_validity l WHERE l.slot = given.slot AND l.id = given.id
    OFFSET 0 FOR NO KEY UPDATE SKIP LOCKED
  ) AS v
  WHERE CASE WHEN v.next_step = 1 AND v.next_action_at <= %(now)s THEN {whose} ELSE false END
), wallet AS MATERIALIZED (
  SELECT w.slot, w.id, w.currency, w.posted_minor - w.pending_minor AS free
  FROM ledger_wallet w
  WHERE (w.slot, w.id) IN (SELECT slot, wallet_id FROM due)
  ORDER BY w.id FOR NO KEY UPDATE OF w
), judged AS MATERIALIZED (
  SELECT d.*, w.currency, w.free, coalesce(k.kind, 0::smallint) AS tax_kind, t.months, t.days,
         t.total, a.offsets, a.steps,
         CASE WHEN %(now)s::timestamptz - d.valid_until <= interval '1 hour' OR a.from_expiry
              THEN d.valid_until ELSE %(now)s::timestamptz END AS start_at,
         CASE WHEN d.under_way THEN 'under_way'
              WHEN w.id IS NULL THEN 'alone'
              WHEN t.mode IS NULL OR t.mode = 'consent' THEN 'consent'
              WHEN NOT d.auto_renew OR d.state <> 'active' OR t.mode = 'alone' OR a.lead IS NULL
              THEN 'alone' END AS refusal
  FROM due d
  LEFT JOIN wallet w ON w.slot = d.slot AND w.id = d.wallet_id
  LEFT JOIN taxing k ON k.country = d.country
  LEFT JOIN tariff t ON t.plan_id = d.plan_id AND t.currency = w.currency
    AND t.tax_kind = coalesce(k.kind, 0::smallint)
  LEFT JOIN agenda a ON a.policy_id = d.policy_id AND a.lead = d.lead
), begun AS (  -- where the months of the anchor reach to, and from where the new ones count
  SELECT *, anchor_at AT TIME ZONE time_zone AS anchor_local,
         start_at AT TIME ZONE time_zone AS start_local,
         (anchor_at AT TIME ZONE time_zone) + make_interval(months => anchor_count) AS reach_local
  FROM judged WHERE refusal IS NULL OFFSET 0
), reached AS (
  SELECT *, {reach_at} AS reach_at FROM begun OFFSET 0
), counted AS (
  SELECT *, months > 0 AND anchor_count > 0 AND reach_at = start_at AS reaches
  FROM reached OFFSET 0
), ended AS (
  SELECT *, CASE WHEN months = 0 THEN start_local + make_interval(days => days)
                 WHEN reaches THEN anchor_local + make_interval(months => anchor_count + months)
                 ELSE start_local + make_interval(months => months) END AS end_local
  FROM counted OFFSET 0
), period AS (
  SELECT *, {end_at} AS end_at FROM ended OFFSET 0
), placed AS (
  SELECT *, width_bucket(%(now)s::timestamptz - end_at, offsets) + 1 AS place FROM period OFFSET 0
), funded AS MATERIALIZED (  -- from here on as narrow as may be: rows are copied at every step
  SELECT slot, id, account_id, wallet_id, plan_id, currency, tax_kind, country, total, valid_until,
         next_action_at, start_at, end_at, steps[place] AS then_step,
         end_at + offsets[place] AS then_at,
         CASE WHEN months = 0 THEN end_at WHEN reaches THEN anchor_at ELSE start_at END
           AS new_anchor_at,
         CASE WHEN months = 0 THEN 0 WHEN reaches THEN anchor_count + months ELSE months END
           AS new_anchor_count,
         CASE WHEN end_at <= %(now)s THEN 'alone'
              WHEN wallet_id = %(ended)s::uuid THEN 'short'
              WHEN sum(total) OVER (PARTITION BY slot, wallet_id ORDER BY next_action_at, id) > free
              THEN 'short' END AS refusal
  FROM placed
), named AS (
  SELECT *, int8send(((extract(epoch FROM next_action_at) * 1000)::bigint << 16) + 28672 + slot)
              AS high,
         sha256(uuid_send(id) || int8send((extract(epoch FROM next_action_at) * 1000000)::bigint))
           AS digest
  FROM funded WHERE refusal IS NULL OFFSET 0
), laid_out AS (
  SELECT *, high || set_byte(substr(digest, 1, 8), 0, (get_byte(digest, 0) & 63) | 128)
              AS order_bytes
  FROM named OFFSET 0
), paid AS MATERIALIZED (
  SELECT slot, id, account_id, wallet_id, plan_id, currency, tax_kind, country, total, valid_until,
         start_at, end_at, then_step, then_at, new_anchor_at, new_anchor_count, order_bytes,
         encode(order_bytes, 'hex')::uuid AS order_id
  FROM laid_out
), ordered AS (
  INSERT INTO orders_order (slot, id, account_id, line_id, wallet_id, kind, state, plan_id, delivery,
    currency, subtotal_minor, discount_minor, tax_minor, tax_country, tax_rate_ppm, tax_inclusive,
    total_minor, wallet_minor, payment_minor,
    valid_until_before, valid_until_after, proof, actor, channel, seller, accepted_at, settled_at,
    completed_at, attempts, undo_due, failure_code)
  SELECT slot, order_id, account_id, id, wallet_id, 'renewal', 'completed', t.target, 'ledger',
    paid.currency, t.subtotal, t.discount, t.tax,
    CASE WHEN tax_kind = 0 THEN t.tax_country ELSE country END, t.tax_rate, t.tax_inclusive,
    paid.total, paid.total, 0, valid_until, end_at,
    CASE WHEN t.buckets THEN t.proof || {buckets} ELSE t.proof END,
    'worker', 'sweep', 'house', %(now)s, %(now)s, %(now)s, 0, false, ''
  FROM paid JOIN tariff t USING (plan_id, currency, tax_kind)
), extended AS (
  INSERT INTO lines_extension (slot, id, line_id, order_id, plan_id, period_start, period_end,
    anchor_at, anchor_count, granted_at, data_bytes, voice_seconds, sms_count, turn)
  SELECT slot, {extension_id}, id, order_id, t.target, start_at, end_at, new_anchor_at,
    new_anchor_count, %(now)s, t.data, t.voice, t.sms,
    (SELECT count(*) FROM lines_reversal r WHERE r.slot = paid.slot AND r.line_id = paid.id)
  FROM paid JOIN tariff t USING (plan_id, currency, tax_kind)
), sold AS (
  INSERT INTO ledger_transfer (slot, id, debit_id, credit_id, amount_minor, currency, code, phase,
                               order_id, booked_at)
  SELECT slot, {sale_id}, wallet_id, t.deferred, paid.total, currency, 3, 'single', order_id, %(now)s
  FROM paid JOIN tariff t USING (plan_id, currency, tax_kind) WHERE paid.total > 0
  UNION ALL
  SELECT slot, {tax_id}, t.deferred, t.tax_account, t.tax, currency, 4, 'single', order_id, %(now)s
  FROM paid JOIN tariff t USING (plan_id, currency, tax_kind) WHERE t.tax > 0
), debited AS (
  UPDATE ledger_wallet w SET posted_minor = w.posted_minor - spent.total
  FROM (SELECT slot, wallet_id, sum(total)::bigint AS total FROM paid GROUP BY slot, wallet_id)
    AS spent
  WHERE w.slot = spent.slot AND w.id = spent.wallet_id AND spent.total > 0
), told AS (
  INSERT INTO messages_outbox (slot, id, kind, account_id, line_id, order_id, occurred_at, due_at,
                               outcome, reason)
  SELECT slot, {outbox_id}, 'line.renewed', account_id, id, order_id, %(now)s, %(now)s, '', ''
  FROM paid
), moved AS (
  UPDATE lines_validity v
  SET valid_until = paid.end_at, anchor_at = paid.new_anchor_at,
      anchor_count = paid.new_anchor_count, plan_id = t.target, since_at = NULL,
      next_step = paid.then_step, next_action_at = paid.then_at
  FROM paid JOIN tariff t USING (plan_id, currency, tax_kind)
  WHERE v.slot = paid.slot AND v.id = paid.id
), refused AS (
  SELECT slot, id, refusal FROM judged WHERE refusal IS NOT NULL
  UNION ALL
  SELECT slot, id, refusal FROM funded WHERE refusal IS NOT NULL
)
SELECT counts.*, refused.refusal, v.slot, v.id, v.account_id, v.wallet_id, v.state, v.plan_id,
       v.policy_id, v.valid_until, v.since_at, v.auto_renew, v.lead_days, v.dormant, v.warned_at,
       v.next_step, v.next_action_at
FROM (SELECT (SELECT count(*) FROM due) AS claimed, (SELECT count(*) FROM paid) AS renewed) AS counts
LEFT JOIN (refused JOIN lines_validity v ON v.slot = refused.slot AND v.id = refused.id) ON true
