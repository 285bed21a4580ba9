-- 12: An assigned number is on the living line it names, and that line's holder has it now.
-- Number-side rows lie in the number's slot; the line's id tells the line's.
SELECT n.e164 AS number, n.line_id AS line, v.state, p.id AS period
FROM inventory_number n
LEFT JOIN lines_line l ON l.slot = get_byte(uuid_send(n.line_id), 7) AND l.id = n.line_id
  AND l.e164 = n.e164 AND l.account_id = n.account_id
LEFT JOIN lines_validity v ON v.slot = l.slot AND v.id = l.id
LEFT JOIN inventory_ownershipperiod p ON p.slot = n.slot AND p.line_id = n.line_id
  AND p.e164 = n.e164 AND p.account_id = n.account_id AND p.ends_at IS NULL
WHERE n.state IN ('assigned', 'recall')
  AND (v.id IS NULL OR v.state = 'terminated' OR p.id IS NULL)
