-- 2: What a wallet holds and has set aside is the sum of its transfers.
WITH leg AS (
  SELECT slot, debit_id AS wallet_id,
         sum(CASE WHEN phase IN ('single', 'post') THEN -amount_minor ELSE 0 END) AS posted,
         sum(CASE phase WHEN 'hold' THEN amount_minor WHEN 'single' THEN 0 ELSE -amount_minor END)
           AS pending
  FROM ledger_transfer GROUP BY slot, debit_id
  UNION ALL
  SELECT slot, credit_id, sum(amount_minor), 0 FROM ledger_transfer
  WHERE phase IN ('single', 'post') GROUP BY slot, credit_id
), folded AS (
  SELECT slot, wallet_id, sum(posted) AS posted, sum(pending) AS pending
  FROM leg GROUP BY slot, wallet_id
)
SELECT w.id AS wallet, w.currency, w.posted_minor, coalesce(f.posted, 0) AS posted_by_transfers,
       w.pending_minor, coalesce(f.pending, 0) AS pending_by_transfers
FROM ledger_wallet w LEFT JOIN folded f ON f.slot = w.slot AND f.wallet_id = w.id
WHERE w.posted_minor <> coalesce(f.posted, 0) OR w.pending_minor <> coalesce(f.pending, 0)
