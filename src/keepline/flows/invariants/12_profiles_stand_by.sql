-- 12: A profile that stands by is its line's own, serves it not, and is the only one for its carrier.
-- Those that are gone from the phone do so no more, whatever is written on them.
WITH beside AS (
  SELECT iccid, line_id, standby_carrier_id, state FROM inventory_profile
  WHERE standby_carrier_id IS NOT NULL AND state NOT IN ('deleted', 'error', 'unavailable')
)
SELECT p.iccid AS card, p.line_id AS line, p.standby_carrier_id AS carrier
FROM beside p
LEFT JOIN inventory_cardholding h ON h.iccid = p.iccid
LEFT JOIN lines_line l ON l.slot = get_byte(uuid_send(p.line_id), 7) AND l.id = p.line_id
WHERE l.id IS NULL OR h.line_id IS DISTINCT FROM p.line_id OR l.iccid = p.iccid
   OR l.carrier_id = p.standby_carrier_id OR p.state NOT IN ('downloaded', 'installed', 'enabled', 'disabled')
   OR EXISTS (SELECT FROM beside o WHERE o.line_id = p.line_id AND o.iccid <> p.iccid
                AND o.standby_carrier_id = p.standby_carrier_id)
