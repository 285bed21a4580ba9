-- 9: No moment of a line's life is paid for twice.
SELECT line_id AS line, id AS extension, period_start, before_until FROM (
  SELECT line_id, id, period_start,
         max(period_end) OVER (PARTITION BY slot, line_id ORDER BY period_start, period_end
                               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_until
  FROM lines_extension
) AS e WHERE period_start < before_until
