-- 7 late: A paid order is extended or refunded within 15 minutes; an unpaid one is closed when its checkout is.
SELECT o.id AS "order", o.state, p.state AS payment, o.promise_until, o.accepted_at, o.next_action_at
FROM orders_order o LEFT JOIN payments_payment p ON p.slot = o.slot AND p.order_id = o.id
WHERE o.next_action_at IS NOT NULL AND (
  (o.state IN ('in_progress', 'held') AND o.promise_until < %(now)s - interval '15 minutes')
  OR (p.state = 'refunding'
      AND greatest(o.completed_at, p.captured_at) < %(now)s - interval '15 minutes')
  OR (o.state = 'acknowledged' AND o.accepted_at < %(now)s - %(checkout)s - interval '15 minutes'))
