-- 5: An order gives back no more than it took, and its payment counts what its refunds say.
WITH back AS (
  SELECT slot, order_id, sum(amount_minor) FILTER (WHERE state <> 'rejected') AS asked_minor,
         sum(amount_minor) FILTER (WHERE state NOT IN ('requested', 'rejected')) AS minor,
         sum(tax_minor) FILTER (WHERE state NOT IN ('requested', 'rejected')) AS tax_minor,
         sum(sent_minor - by_bank_minor) FILTER (WHERE state = 'sending') AS refunding_minor,
         sum(sent_minor - by_bank_minor) FILTER (WHERE state = 'refunded') AS refunded_minor
  FROM (
    SELECT slot, order_id, state, amount_minor, tax_minor, sent_minor, by_bank_minor
    FROM payments_refund
    UNION ALL
    SELECT slot, order_id, state, sale_minor, tax_minor, 0, 0 FROM payments_dispute
    WHERE state = 'lost'
  ) AS gone GROUP BY slot, order_id
), asked AS (
  SELECT coalesce(b.order_id, p.order_id) AS order_id, coalesce(b.slot, p.slot) AS slot,
         b.asked_minor, b.minor, b.tax_minor, p.captured_minor,
         coalesce(b.refunding_minor, 0) AS sent_minor, coalesce(p.refunding_minor, 0) AS counted_minor,
         coalesce(b.refunded_minor, 0) AS arrived_minor, coalesce(p.refunded_minor, 0) AS back_minor
  FROM back b FULL JOIN payments_payment p ON p.slot = b.slot AND p.order_id = b.order_id
)
SELECT a.order_id AS "order", o.state, o.total_minor, a.asked_minor, a.captured_minor,
       a.sent_minor, a.counted_minor, a.arrived_minor, a.back_minor, a.tax_minor
FROM asked a LEFT JOIN orders_order o ON o.slot = a.slot AND o.id = a.order_id
WHERE a.sent_minor <> a.counted_minor OR a.arrived_minor <> a.back_minor
   OR a.asked_minor > CASE WHEN o.state = 'completed' THEN o.total_minor ELSE a.captured_minor END
   OR (o.state = 'completed' AND o.kind IN ('renewal', 'purchase')
       AND a.tax_minor <> div(o.tax_minor * a.minor, nullif(o.total_minor, 0)))
