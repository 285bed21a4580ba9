-- 2: A post or void ends one hold, of the same accounts and amount, and no hold ends twice.
SELECT e.id AS transfer, e.phase, e.hold_id AS hold
FROM ledger_transfer e
LEFT JOIN ledger_transfer h ON h.slot = e.slot AND h.id = e.hold_id AND h.phase = 'hold'
  AND h.debit_id = e.debit_id AND h.credit_id = e.credit_id
  AND h.amount_minor = e.amount_minor AND h.currency = e.currency
WHERE (e.phase IN ('post', 'void') AND h.id IS NULL)
   OR (e.phase IN ('hold', 'single') AND e.hold_id IS NOT NULL)
   OR e.phase NOT IN ('hold', 'single', 'post', 'void')
UNION ALL
SELECT min(id::text)::uuid, 'twice', hold_id FROM ledger_transfer WHERE hold_id IS NOT NULL
GROUP BY slot, hold_id HAVING count(*) > 1
