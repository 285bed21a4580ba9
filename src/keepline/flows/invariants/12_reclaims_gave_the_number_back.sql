-- 12: A completed reclaim opened a line with the number, whose holder's time with it began then.
SELECT o.id AS "order", o.line_id AS line, l.e164 AS number, e.id AS event, p.id AS period
FROM orders_order o
LEFT JOIN lines_line l ON l.slot = o.slot AND l.id = o.line_id
LEFT JOIN lines_lineevent e ON e.slot = o.slot AND e.line_id = o.line_id AND e.order_id = o.id
  AND e.event = 'reclaim'
LEFT JOIN inventory_ownershipperiod p ON p.line_id = o.line_id AND p.account_id = o.account_id
  AND p.e164 = l.e164
WHERE o.kind = 'reclaim' AND o.state = 'completed'
  AND (l.e164 IS NULL OR e.id IS NULL OR p.id IS NULL)
