-- 15: A message at rest was sent or laid aside, visibly.
SELECT id AS message, kind, outcome FROM messages_outbox WHERE (due_at IS NULL) <> (outcome <> '')
