-- 12: A completed change gave the line its number, whose time with it began then; or its SIM.
SELECT o.id AS "order", o.line_id AS line, o.stock ->> 'number' AS number
FROM orders_order o
WHERE o.kind = 'new_number' AND o.state = 'completed'
  AND NOT EXISTS (SELECT FROM inventory_ownershipperiod p
    WHERE p.line_id = o.line_id AND p.account_id = o.account_id
      AND p.e164 = (o.stock ->> 'number')::bigint)
UNION ALL
SELECT o.id, o.line_id, coalesce(o.stock ->> 'card', o.stock ->> 'profile', o.stock ->> 'standby')
FROM orders_order o
WHERE o.kind IN ('new_sim', 'carrier') AND o.state = 'completed'
  AND NOT EXISTS (SELECT FROM inventory_cardholding h
    WHERE h.iccid = coalesce(o.stock ->> 'card', o.stock ->> 'profile', o.stock ->> 'standby'))
