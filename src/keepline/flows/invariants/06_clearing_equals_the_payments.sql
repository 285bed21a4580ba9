-- 6: A provider's clearing account holds what it captured for us less what went back or is disputed.
WITH taken AS (
  SELECT provider, currency, sum(captured_minor - refunded_minor - disputed_minor) AS minor
  FROM payments_payment GROUP BY provider, currency
), leg AS (
  SELECT h.party, h.currency, t.amount_minor AS minor
  FROM ledger_transfer t JOIN ledger_houseaccount h ON h.id = t.debit_id
  WHERE h.code = 'clearing' AND t.code IN (%(capture)s, %(dispute)s, %(refund_to_wallet)s)
  UNION ALL
  SELECT h.party, h.currency, -t.amount_minor
  FROM ledger_transfer t JOIN ledger_houseaccount h ON h.id = t.credit_id
  WHERE h.code = 'clearing' AND t.code IN (%(refund)s, %(dispute)s)
), booked AS (
  SELECT party AS provider, currency, sum(minor) AS minor FROM leg GROUP BY party, currency
)
SELECT coalesce(k.provider, b.provider) AS provider, coalesce(k.currency, b.currency) AS currency,
       coalesce(k.minor, 0) AS by_payments_minor, coalesce(b.minor, 0) AS by_ledger_minor
FROM taken k FULL JOIN booked b ON b.provider = k.provider AND b.currency = k.currency
WHERE coalesce(k.minor, 0) <> coalesce(b.minor, 0)
