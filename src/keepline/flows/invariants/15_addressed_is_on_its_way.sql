-- 15: Who is said to be told has a delivery, by the same account's books.
SELECT m.id AS message, m.kind
FROM messages_outbox m
LEFT JOIN messages_delivery d
  ON d.slot = m.slot AND d.account_id = m.account_id AND d.event_id = m.id
WHERE m.outcome = 'addressed' AND d.id IS NULL
