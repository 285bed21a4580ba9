-- 7: A completed renewal has one extension; an order that ended otherwise has none, and its money back.
WITH given AS (
  SELECT slot, order_id, count(*) AS extensions FROM lines_extension GROUP BY slot, order_id
), kept AS (
  SELECT t.slot, t.order_id, sum(t.amount_minor) AS minor
  FROM ledger_transfer t JOIN ledger_houseaccount h ON h.id = t.debit_id
  WHERE t.code = %(refund_to_wallet)s AND h.code IN ('refunds_in_transit', 'clearing')
  GROUP BY t.slot, t.order_id
), by_bank AS (
  SELECT slot, order_id, sum(by_bank_minor) AS minor FROM payments_refund GROUP BY slot, order_id
)
SELECT o.id AS "order", o.kind, o.state, coalesce(g.extensions, 0) AS extensions,
       p.state AS payment, p.captured_minor, p.refunded_minor, k.minor AS into_wallet_minor,
       b.minor AS by_bank_minor
FROM orders_order o
LEFT JOIN given g ON g.slot = o.slot AND g.order_id = o.id
LEFT JOIN payments_payment p ON p.slot = o.slot AND p.order_id = o.id
LEFT JOIN kept k ON k.slot = o.slot AND k.order_id = o.id
LEFT JOIN by_bank b ON b.slot = o.slot AND b.order_id = o.id
WHERE coalesce(g.extensions, 0) > 1
   OR (o.kind IN ('renewal', 'purchase') AND (o.state = 'completed') <> (g.extensions IS NOT NULL))
   OR (o.kind IN ('top_up', 'reclaim', 'new_number', 'new_sim', 'carrier') AND g.extensions IS NOT NULL)
   OR (o.state = 'completed' AND o.payment_minor > 0
       AND (p.state IS DISTINCT FROM 'captured' OR p.captured_minor
                  <> coalesce((o.exchange->>'amount_minor')::bigint, o.payment_minor)))
   OR (o.state IN ('pending', 'in_progress', 'held') AND o.payment_minor > 0
       AND p.state IS DISTINCT FROM 'captured')
   OR (o.state IN ('failed', 'cancelled', 'withdrawn') AND p.captured_minor > 0
       AND p.refunding_minor = 0
       AND p.captured_minor IS DISTINCT FROM coalesce(k.minor, 0) + coalesce(b.minor, 0)
                                               + p.refunded_minor)
