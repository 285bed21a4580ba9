-- 16: A request's key stands for one order that exists, of the same caller.
SELECT k.id AS key, k.flow, k.order_id AS "order", o.actor
FROM orders_requestkey k LEFT JOIN orders_order o ON o.slot = k.slot AND o.id = k.order_id
WHERE o.id IS NULL OR o.actor <> k.actor
UNION ALL
SELECT min(id::text)::uuid, 'two keys', order_id, NULL FROM orders_requestkey
GROUP BY slot, order_id HAVING count(*) > 1
