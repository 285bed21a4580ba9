-- 13: A received message came while its account held the number by its line, and lies in its slot.
SELECT m.id AS message, m.account_id, m.line_id, m.received_at, p.begins_at, p.ends_at
FROM messages_received m
LEFT JOIN inventory_ownershipperiod p
  ON p.slot = get_byte(sha256(m.e164::text::bytea), 0) AND p.id = m.period_id
WHERE p.id IS NULL OR p.e164 <> m.e164 OR p.account_id <> m.account_id OR p.line_id <> m.line_id
   OR m.received_at < p.begins_at
   -- Under the number's lock one came before the other; the clocks of two machines may say else.
   OR m.received_at > p.ends_at + interval '1 minute'
   OR m.slot <> get_byte(uuid_send(m.account_id), 7)
