-- 12: A number that is expected has an order under way that brings it; one that came is its line's.
SELECT 'expected by nobody' AS what, n.e164 AS number, n.line_id AS line
FROM inventory_number n
WHERE n.state = 'expected' AND NOT EXISTS (
  SELECT FROM porting_portin p JOIN orders_order o ON o.slot = p.slot AND o.id = p.order_id
  WHERE p.slot = get_byte(uuid_send(n.line_id), 7) AND p.line_id = n.line_id AND p.e164 = n.e164
    AND o.state <> 'completed' AND o.next_action_at IS NOT NULL)
UNION ALL
SELECT 'came, and is not its own', p.e164, p.line_id
FROM porting_portin p
WHERE p.state = 'ported' AND NOT EXISTS (
  SELECT FROM inventory_ownershipperiod o
  WHERE o.e164 = p.e164 AND o.line_id = p.line_id AND o.account_id = p.account_id)
UNION ALL
SELECT 'sold without it', p.e164, p.line_id
FROM porting_portin p JOIN orders_order o ON o.slot = p.slot AND o.id = p.order_id
WHERE (o.state = 'completed') <> (p.state = 'ported')
UNION ALL
SELECT 'ended, and its code is kept', p.e164, p.line_id
FROM porting_portin p WHERE p.state IN ('ported', 'given_up', 'returned') AND (p.sealed <> '' OR p.ended_at IS NULL)
UNION ALL
SELECT 'to go back, and nobody sees to it', p.e164, p.line_id
FROM porting_portin p JOIN orders_order o ON o.slot = p.slot AND o.id = p.order_id
WHERE p.state = 'returning'
  AND (p.sealed <> '' OR p.return_asked_at IS NULL OR o.next_action_at IS NULL)
