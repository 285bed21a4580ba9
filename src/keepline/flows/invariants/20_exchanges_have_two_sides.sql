-- 20: What an order was paid in another currency stands at its rate for what it was worth in its own.
-- What went back of the one went back of the other, to a minor unit.
WITH leg AS (
  SELECT t.slot, t.order_id, t.currency, t.amount_minor AS minor
  FROM ledger_transfer t JOIN ledger_houseaccount h ON h.id = t.credit_id WHERE h.code = 'exchange'
  UNION ALL
  SELECT t.slot, t.order_id, t.currency, -t.amount_minor
  FROM ledger_transfer t JOIN ledger_houseaccount h ON h.id = t.debit_id WHERE h.code = 'exchange'
), side AS (
  SELECT slot, order_id, currency, sum(minor) AS minor FROM leg GROUP BY slot, order_id, currency
), both_sides AS (
  SELECT o.slot, o.id, o.state, o.payment_minor AS price_minor,
         (o.exchange->>'amount_minor')::numeric AS paid_minor,
         coalesce(sum(s.minor) FILTER (WHERE s.currency = o.exchange->>'currency'), 0) AS taken,
         coalesce(-sum(s.minor) FILTER (WHERE s.currency = o.currency), 0) AS given,
         count(*) FILTER (WHERE s.currency NOT IN (o.exchange->>'currency', o.currency)) AS others
  FROM side s JOIN orders_order o ON o.slot = s.slot AND o.id = s.order_id
  GROUP BY o.slot, o.id, o.state, o.payment_minor, o.exchange, o.currency
)
SELECT id AS "order", state, price_minor, paid_minor, taken AS taken_minor, given AS given_minor
FROM both_sides
WHERE paid_minor IS NULL OR others > 0 OR taken < 0 OR given < 0
   OR abs(taken * price_minor - given * paid_minor) > greatest(price_minor, paid_minor)
