-- 8: Every extension was given by a completed order for that line.
SELECT e.id AS extension, e.line_id AS line, e.order_id AS "order", o.state, o.kind
FROM lines_extension e LEFT JOIN orders_order o ON o.slot = e.slot AND o.id = e.order_id
WHERE o.id IS NULL OR o.state <> 'completed' OR o.kind NOT IN ('renewal', 'purchase', 'opening')
   OR o.line_id IS DISTINCT FROM e.line_id
