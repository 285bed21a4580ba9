-- 8: What was taken back of a line's life was given, lies within it, and its money is gone.
SELECT coalesce(r.id, f.order_id) AS reversal, r.order_id AS "order", f.id AS refund,
       f.state, e.period_start, r.ended_at, e.period_end
FROM lines_reversal r
FULL JOIN (SELECT slot, id, order_id, state FROM payments_refund
           WHERE ends_service AND state NOT IN ('requested', 'rejected')
           UNION ALL
           SELECT slot, id, order_id, state FROM payments_dispute WHERE ends_service) AS f
  ON f.slot = r.slot AND f.id = r.cause_id
LEFT JOIN lines_extension e ON e.slot = r.slot AND e.id = r.id
WHERE r.id IS NULL OR f.id IS NULL OR f.order_id <> r.order_id
   OR e.id IS NULL OR e.order_id <> r.order_id OR e.line_id <> r.line_id
   OR r.ended_at < e.period_start OR r.ended_at >= e.period_end
