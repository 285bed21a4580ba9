-- 11: The last step in a line's history leads to the state that it is in.
WITH newest AS (
  SELECT slot, line_id, max(occurred_at) AS occurred_at FROM lines_lineevent GROUP BY slot, line_id
)
SELECT v.id AS line, v.state
FROM newest n JOIN lines_validity v ON v.slot = n.slot AND v.id = n.line_id
WHERE NOT EXISTS (
  SELECT FROM lines_lineevent e
  WHERE e.slot = n.slot AND e.line_id = n.line_id AND e.occurred_at = n.occurred_at
    AND e.target = v.state)
