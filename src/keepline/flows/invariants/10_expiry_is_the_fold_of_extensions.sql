-- 10: A line is valid until the end of its last extension, and counts its months from that one's anchor.
WITH last AS (
  SELECT DISTINCT ON (slot, line_id) slot, line_id, period_end, anchor_at, anchor_count, plan_id
  FROM lines_extension ORDER BY slot, line_id, period_end DESC
)
SELECT v.id AS line, v.valid_until, last.period_end, v.anchor_at, last.anchor_at AS anchor_by_extension
FROM lines_validity v LEFT JOIN last ON last.slot = v.slot AND last.line_id = v.id
WHERE v.valid_until IS DISTINCT FROM last.period_end
   OR (last.line_id IS NOT NULL
       AND (v.anchor_at, v.anchor_count) IS DISTINCT FROM (last.anchor_at, last.anchor_count))
