-- 5: What goes back to a provider was captured, and lies in transit exactly while it is under way.
WITH leg AS (
  SELECT t.slot, t.order_id, t.amount_minor AS sent, 0 AS arrived
  FROM ledger_transfer t JOIN ledger_houseaccount h ON h.id = t.credit_id
  WHERE h.code = 'refunds_in_transit' AND t.code = %(refund)s
  UNION ALL
  SELECT t.slot, t.order_id, 0, t.amount_minor
  FROM ledger_transfer t JOIN ledger_houseaccount h ON h.id = t.debit_id
  WHERE h.code = 'refunds_in_transit' AND t.code IN (%(refund)s, %(refund_to_wallet)s, %(dispute)s)
), transit AS (
  SELECT slot, order_id, sum(sent) AS sent_minor, sum(sent) - sum(arrived) AS minor
  FROM leg GROUP BY slot, order_id
), at_bank AS (
  SELECT slot, order_id, sum(in_transit_minor) AS minor FROM payments_dispute
  WHERE state = 'open' GROUP BY slot, order_id
)
SELECT coalesce(p.order_id, t.order_id) AS "order", p.state, p.captured_minor, p.refunded_minor,
       p.refunding_minor, t.sent_minor, t.minor AS in_transit_minor, d.minor AS at_bank_minor
FROM payments_payment p FULL JOIN transit t ON t.slot = p.slot AND t.order_id = p.order_id
LEFT JOIN at_bank d ON d.slot = p.slot AND d.order_id = p.order_id
WHERE p.refunded_minor + p.refunding_minor > p.captured_minor
   OR coalesce(t.sent_minor, 0) < coalesce(p.refunded_minor, 0)
   OR coalesce(t.minor, 0) <> coalesce(p.refunding_minor, 0) + coalesce(d.minor, 0)
