-- 4: What a provider captured is booked once, whole, and nothing is booked that was not captured.
WITH booked AS (
  SELECT slot, order_id, sum(amount_minor) AS minor, count(*) AS times FROM ledger_transfer
  WHERE code = %(capture)s GROUP BY slot, order_id
)
SELECT coalesce(b.order_id, p.order_id) AS "order", p.state, p.captured_minor,
       b.minor AS booked_minor, b.times
FROM booked b FULL JOIN payments_payment p ON p.slot = b.slot AND p.order_id = b.order_id
WHERE coalesce(p.captured_minor, 0) <> coalesce(b.minor, 0) OR b.times > 1
   OR (p.state = 'captured') <> (p.captured_at IS NOT NULL)
