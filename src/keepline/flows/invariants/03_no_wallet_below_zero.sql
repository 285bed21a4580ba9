-- 3: No wallet is below zero, and none has more set aside than it holds.
SELECT id AS wallet, currency, posted_minor, pending_minor FROM ledger_wallet
WHERE pending_minor < 0 OR posted_minor < pending_minor
