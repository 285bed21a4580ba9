-- 7: Whatever is not at its end has an instant at which it is looked at next.
SELECT o.id AS "order", o.state, p.state AS payment, o.undo_due
FROM orders_order o LEFT JOIN payments_payment p ON p.slot = o.slot AND p.order_id = o.id
WHERE o.next_action_at IS NULL
  AND (o.state NOT IN ('completed', 'failed', 'cancelled', 'withdrawn')
       OR o.undo_due OR p.state NOT IN ('captured', 'declined', 'expired')
       OR p.refunding_minor > 0 OR p.disputes_due)
