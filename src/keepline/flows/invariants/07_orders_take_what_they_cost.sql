-- 7: A completed renewal took its total and set its tax apart, a reclaim or a change its fee; other orders took nothing.
WITH sold AS (
  SELECT t.slot, t.order_id,
         sum(t.amount_minor) FILTER (WHERE t.code = %(renewal)s AND t.phase IN ('single', 'post'))
           AS sold_minor,
         sum(t.amount_minor) FILTER (WHERE t.code = %(tax)s) AS tax_minor,
         sum(t.amount_minor) FILTER (WHERE t.code = %(fee)s) AS fee_minor
  FROM ledger_transfer t WHERE t.code IN (%(renewal)s, %(tax)s, %(fee)s)
  GROUP BY t.slot, t.order_id
)
SELECT o.id AS "order", o.kind, o.state, o.total_minor, coalesce(s.sold_minor, 0) AS sold_minor,
       o.tax_minor, coalesce(s.tax_minor, 0) AS tax_booked_minor,
       coalesce(s.fee_minor, 0) AS fee_minor
FROM orders_order o LEFT JOIN sold s ON s.slot = o.slot AND s.order_id = o.id
WHERE coalesce(s.sold_minor, 0) <>
        CASE WHEN o.kind IN ('renewal', 'purchase') AND o.state = 'completed' THEN o.total_minor ELSE 0 END
   OR coalesce(s.tax_minor, 0) <>
        CASE WHEN o.kind IN ('renewal', 'purchase') AND o.state = 'completed' THEN o.tax_minor ELSE 0 END
   OR coalesce(s.fee_minor, 0) <>
        CASE WHEN o.kind IN ('reclaim', 'new_number', 'new_sim', 'carrier') AND o.state = 'completed' THEN o.total_minor ELSE 0 END
