-- 15: Every end of an order is in the outbox.
SELECT o.id AS "order", o.kind, o.state
FROM orders_order o
LEFT JOIN messages_outbox m ON m.slot = o.slot AND m.order_id = o.id AND m.kind = CASE
  WHEN o.state = 'cancelled' AND o.channel = 'sweep' AND o.failure_code = 'approval_needed'
    THEN 'line.approval_needed'
  WHEN o.state = 'cancelled' AND o.channel = 'sweep' THEN 'line.charge_failed'
  WHEN o.state = 'cancelled' AND o.failure_code = 'called_off' THEN 'order.called_off'
  WHEN o.state = 'completed' AND o.kind = 'top_up' THEN 'wallet.topped_up'
  WHEN o.state = 'completed' AND o.kind = 'reclaim' THEN 'number.reclaimed'
  WHEN o.state = 'completed' AND o.kind = 'purchase' THEN 'line.bought'
  WHEN o.state = 'completed' AND o.kind = 'new_number' THEN 'number.changed'
  WHEN o.state = 'completed' AND o.kind = 'new_sim' THEN 'sim.swapped'
  WHEN o.state = 'completed' AND o.kind = 'carrier' THEN 'carrier.switched'
  WHEN o.state = 'completed' THEN 'line.renewed' ELSE 'order.' || o.state END
WHERE o.kind <> 'opening' AND o.completed_at IS NOT NULL AND m.id IS NULL
