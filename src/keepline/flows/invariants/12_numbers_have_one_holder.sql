-- 12: A number, and a card, has one holder at any instant.
SELECT 'periods overlap' AS what, e164::text AS number, line_id AS line FROM (
  SELECT e164, line_id, begins_at AS since,
         max(coalesce(ends_at, 'infinity')) OVER (
           PARTITION BY e164 ORDER BY begins_at, ends_at NULLS LAST
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_until
  FROM inventory_ownershipperiod
) AS p WHERE since < before_until
UNION ALL
SELECT 'on two lines', e164::text, min(l.id::text)::uuid
FROM lines_line l JOIN lines_validity v ON v.slot = l.slot AND v.id = l.id
WHERE e164 IS NOT NULL AND v.state <> 'terminated' GROUP BY e164 HAVING count(*) > 1
UNION ALL
SELECT 'card on two lines', iccid, min(l.id::text)::uuid
FROM lines_line l JOIN lines_validity v ON v.slot = l.slot AND v.id = l.id
WHERE iccid IS NOT NULL AND v.state <> 'terminated' GROUP BY iccid HAVING count(*) > 1
