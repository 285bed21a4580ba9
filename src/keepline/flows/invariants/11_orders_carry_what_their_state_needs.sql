-- 11: An order that ended says when; one that was paid for says since when and until when it is promised.
SELECT id AS "order", state, settled_at, promise_until, completed_at FROM orders_order
WHERE (state IN ('completed', 'failed', 'cancelled', 'withdrawn')) <> (completed_at IS NOT NULL)
   OR (state IN ('pending', 'in_progress', 'held') AND (settled_at IS NULL OR promise_until IS NULL))
