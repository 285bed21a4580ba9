-- 12: A line is porting while its number is on its way out; one that went is nobody's here.
SELECT 'porting, and nobody came' AS what, v.id AS line, NULL::bigint AS number
FROM lines_validity v
WHERE v.state = 'porting' AND NOT EXISTS (
  SELECT FROM porting_portout p WHERE p.slot = v.slot AND p.line_id = v.id AND p.state = 'leaving')
UNION ALL
SELECT 'leaving, and not porting', p.line_id, p.e164
FROM porting_portout p JOIN lines_validity v ON v.slot = p.slot AND v.id = p.line_id
WHERE p.state = 'leaving' AND (v.state <> 'porting' OR p.port_id IS NULL OR p.cut_over_at IS NULL
  OR p.next_look_at IS NULL)
UNION ALL
SELECT 'ported, and its line lives', p.line_id, p.e164
FROM porting_portout p JOIN lines_validity v ON v.slot = p.slot AND v.id = p.line_id
WHERE p.state = 'ported' AND v.state <> 'terminated'
UNION ALL
SELECT 'ported out, and held', o.line_id, n.e164
FROM inventory_number n JOIN inventory_ownershipperiod o ON o.slot = n.slot AND o.e164 = n.e164
WHERE n.state = 'ported_out' AND o.ends_at IS NULL
UNION ALL
SELECT 'ended, and its code is kept', line_id, e164
FROM porting_portout WHERE state NOT IN ('open', 'leaving')
  AND (sealed_code <> '' OR ended_at IS NULL OR next_look_at IS NOT NULL)
