-- 14 late: Ten minutes after a line changed the network has been told, or has said no.
SELECT d.id AS line, d.marked_at, d.attempts
FROM lines_networkdue d JOIN lines_validity v ON v.slot = d.slot AND v.id = d.id
WHERE d.refusal_code = '' AND d.marked_at < %(now)s - interval '10 minutes' AND v.clock_id = 0
