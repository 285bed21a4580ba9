-- 7 late: A paid order is extended or refunded within 15 minutes; an unpaid one is closed when its checkout is.
SELECT o.id AS "order", o.state, p.state AS payment, o.promise_until, o.accepted_at, o.next_action_at
FROM orders_order o LEFT JOIN payments_payment p ON p.slot = o.slot AND p.order_id = o.id
CROSS JOIN LATERAL (SELECT coalesce((
  SELECT c.now_at FROM accounts_account a JOIN accounts_testclock c ON c.id = a.clock_id
  WHERE a.slot = o.slot AND a.id = o.account_id AND a.clock_id <> 0), %(now)s) AS now_at) AS clock
WHERE o.next_action_at IS NOT NULL AND (
  (o.state IN ('pending', 'in_progress', 'held') AND o.promise_until < clock.now_at - interval '15 minutes')
  OR (p.refunding_minor > 0 AND EXISTS (
        SELECT FROM payments_refund r WHERE r.slot = o.slot AND r.order_id = o.id
          AND r.state = 'sending' AND r.decided_at < clock.now_at - interval '15 minutes'))
  OR (o.state = 'acknowledged' AND o.accepted_at < clock.now_at - %(checkout)s - interval '15 minutes'))
