-- 10: A line is valid until its last extension ends or was ended, and counts its months from that one's anchor.
WITH last AS (
  SELECT DISTINCT ON (slot, line_id) slot, line_id, ends_at, anchor_at, anchor_count
  FROM (
    SELECT x.*, coalesce(r.ended_at, x.period_end) AS ends_at
    FROM lines_extension x LEFT JOIN lines_reversal r ON r.slot = x.slot AND r.id = x.id
  ) AS piece
  -- Of a line that has nothing left of any piece: the one that was taken back last.
  ORDER BY slot, line_id, ends_at > period_start DESC,
           CASE WHEN ends_at > period_start THEN ends_at END DESC, turn DESC, period_start
)
SELECT v.id AS line, v.valid_until, last.ends_at, v.anchor_at, last.anchor_at AS anchor_by_extension
FROM lines_validity v LEFT JOIN last ON last.slot = v.slot AND last.line_id = v.id
WHERE v.valid_until IS DISTINCT FROM last.ends_at
   OR (last.line_id IS NOT NULL
       AND (v.anchor_at, v.anchor_count) IS DISTINCT FROM (last.anchor_at, last.anchor_count))
