-- 7: An order that has ended holds no money but what is disputed, and one under way all of its own.
WITH held AS (
  SELECT h.slot, h.order_id, sum(h.amount_minor) AS minor
  FROM ledger_transfer h
  LEFT JOIN ledger_transfer e ON e.slot = h.slot AND e.hold_id = h.id
  WHERE h.phase = 'hold' AND e.id IS NULL
  GROUP BY h.slot, h.order_id
)
SELECT coalesce(o.id, h.order_id) AS "order", o.state, h.minor AS held_minor, o.total_minor
FROM held h FULL JOIN orders_order o ON o.slot = h.slot AND o.id = h.order_id
LEFT JOIN (SELECT slot, order_id, sum(held_minor) AS minor FROM payments_dispute
           WHERE state = 'open' GROUP BY slot, order_id) AS d
  ON d.slot = o.slot AND d.order_id = o.id
WHERE coalesce(h.minor, 0) <> CASE
  WHEN o.state = 'acknowledged' THEN o.wallet_minor
  WHEN o.state IN ('pending', 'in_progress', 'held') THEN o.total_minor
  ELSE coalesce(d.minor, 0) END
