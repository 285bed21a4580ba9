-- 19: What is deferred is still to be earned, or its sale has no receipt number yet.
WITH leg AS (
  SELECT credit_id AS account_id, amount_minor AS minor FROM ledger_transfer
  WHERE phase IN ('single', 'post')
  UNION ALL
  SELECT debit_id, -amount_minor FROM ledger_transfer WHERE phase IN ('single', 'post')
), deferred AS (
  SELECT h.currency, sum(leg.minor) AS minor
  FROM leg JOIN ledger_houseaccount h ON h.id = leg.account_id
  WHERE h.code = 'deferred_revenue' GROUP BY h.currency
), expected AS (
  SELECT currency, sum(total_minor - tax_minor) AS minor FROM orders_order
  WHERE kind IN ('renewal', 'purchase') AND state = 'completed' AND receipt_number IS NULL GROUP BY currency
  UNION ALL
  SELECT s.currency, -sum(s.delta_minor * (s.day - b.last_booked_on - 1))
  FROM ledger_revenueslope s, ledger_revenuebooking b
  WHERE s.day > b.last_booked_on GROUP BY s.currency
), summed AS (
  SELECT currency, sum(minor) AS minor FROM expected GROUP BY currency
)
SELECT coalesce(d.currency, e.currency) AS currency, coalesce(d.minor, 0) AS deferred_minor,
       coalesce(e.minor, 0) AS expected_minor
FROM deferred d FULL JOIN summed e ON e.currency = d.currency
WHERE coalesce(d.minor, 0) <> coalesce(e.minor, 0)
