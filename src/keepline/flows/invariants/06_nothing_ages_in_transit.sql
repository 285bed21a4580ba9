-- 6 late: A refund on its way back, or money set aside, has come to its end within 72 hours.
-- (Captures leave clearing when a provider settles them: docs/payouts.md.)
SELECT o.id AS "order", o.state, p.state AS payment, begun.at AS since
FROM orders_order o LEFT JOIN payments_payment p ON p.slot = o.slot AND p.order_id = o.id
CROSS JOIN LATERAL (
  SELECT greatest(coalesce(o.completed_at, o.accepted_at), max(gone.at)) AS at
  FROM (SELECT decided_at AS at FROM payments_refund r
        WHERE r.slot = o.slot AND r.order_id = o.id
        UNION ALL
        SELECT closed_at FROM payments_dispute d
        WHERE d.slot = o.slot AND d.order_id = o.id) AS gone) AS begun
WHERE o.next_action_at IS NOT NULL AND p.disputes_due IS NOT TRUE
  AND begun.at < interval '-72 hours' + coalesce((
    SELECT c.now_at FROM accounts_account a JOIN accounts_testclock c ON c.id = a.clock_id
    WHERE a.slot = o.slot AND a.id = o.account_id AND a.clock_id <> 0), %(now)s)
