-- 1: The ledger sums to zero per currency, accounts of the house included.
-- Kept balances of wallets against the summed legs of the house: a leg to nowhere shows here too.
WITH leg AS (
  SELECT debit_id AS account_id, -sum(amount_minor) AS minor FROM ledger_transfer
  WHERE phase IN ('single', 'post') GROUP BY debit_id
  UNION ALL
  SELECT credit_id, sum(amount_minor) FROM ledger_transfer
  WHERE phase IN ('single', 'post') GROUP BY credit_id
), held AS (
  SELECT currency, sum(posted_minor) AS minor FROM ledger_wallet GROUP BY currency
  UNION ALL
  SELECT h.currency, sum(leg.minor) FROM leg JOIN ledger_houseaccount h ON h.id = leg.account_id
  GROUP BY h.currency
)
SELECT currency, sum(minor) AS off_by_minor FROM held GROUP BY currency HAVING sum(minor) <> 0
