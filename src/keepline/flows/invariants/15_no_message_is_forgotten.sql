-- 15: An event at rest was addressed or laid aside; a delivery at rest has an outcome: visibly.
SELECT id AS message, kind, outcome FROM messages_outbox WHERE (due_at IS NULL) <> (outcome <> '')
UNION ALL
SELECT id, kind, outcome FROM messages_delivery WHERE (due_at IS NULL) <> (outcome <> '')
