-- 12: Stock that is held for no time is held for a line that is being bought, or by an order under way.
WITH held AS (
  SELECT 'number' AS kind, e164::text AS name, line_id, account_id FROM inventory_number
  WHERE state = 'held' AND until_at IS NULL
  UNION ALL
  SELECT 'card', iccid, line_id, account_id FROM inventory_card
  WHERE state = 'held' AND until_at IS NULL
  UNION ALL
  SELECT 'profile', iccid, line_id, account_id FROM inventory_profile
  WHERE state = 'held' AND until_at IS NULL
)
SELECT held.kind AS what, held.name, held.line_id AS line
FROM held
WHERE NOT EXISTS (
  SELECT FROM orders_order o
  WHERE o.slot = get_byte(uuid_send(held.account_id), 7) AND o.line_id = held.line_id
    AND o.account_id = held.account_id AND o.stock ->> held.kind = held.name
    AND o.state <> 'completed' AND o.next_action_at IS NOT NULL)
