-- 12: A card or profile that is on a line is the one that the directory says, and is listed once.
-- A card that was replaced keeps its line in the directory, for whoever looks for it.
WITH sim AS (
  SELECT 'card' AS kind, iccid, imsi, line_id,
         state IN ('assigned', 'blocked') AS on_a_line, state = 'available' OR until_at IS NOT NULL AS on_the_shelf
  FROM inventory_card
  UNION ALL
  SELECT 'profile', iccid, imsi, line_id,
         state NOT IN ('available', 'held', 'deleted', 'error', 'unavailable'),
         state = 'available' OR until_at IS NOT NULL
  FROM inventory_profile
)
SELECT sim.kind AS what, sim.iccid AS card, sim.line_id AS line, holding.line_id AS other
FROM sim
LEFT JOIN inventory_cardholding holding ON holding.iccid = sim.iccid
LEFT JOIN inventory_simidentity listed ON listed.iccid = sim.iccid
WHERE (on_a_line AND (sim.line_id IS NULL OR sim.line_id IS DISTINCT FROM holding.line_id))
   OR (on_the_shelf AND (sim.line_id IS NOT NULL OR holding.line_id IS NOT NULL))
   OR listed.kind IS DISTINCT FROM sim.kind OR listed.imsi IS DISTINCT FROM sim.imsi
