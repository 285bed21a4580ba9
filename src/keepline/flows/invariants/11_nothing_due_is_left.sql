-- 11 late: What was due for a line is done within the hour.
SELECT v.id AS line, v.state, v.next_step, v.next_action_at
FROM lines_validity v
WHERE v.clock_id = 0 AND v.next_action_at < %(now)s - interval '1 hour'
