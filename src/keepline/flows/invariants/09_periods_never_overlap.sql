-- 9: No moment of a line's life is paid for twice.
SELECT line_id AS line, id AS extension, period_start, before_until FROM (
  SELECT line_id, id, period_start,
         max(ends_at) OVER (PARTITION BY slot, line_id ORDER BY period_start, ends_at
                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_until
  FROM (
    SELECT x.slot, x.line_id, x.id, x.period_start, coalesce(r.ended_at, x.period_end) AS ends_at
    FROM lines_extension x LEFT JOIN lines_reversal r ON r.slot = x.slot AND r.id = x.id
  ) AS piece WHERE ends_at > period_start
) AS e WHERE period_start < before_until
