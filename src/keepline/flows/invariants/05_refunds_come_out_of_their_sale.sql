-- 5: What goes back of a sale came out of its revenue, earned or not, and out of its tax.
WITH taken AS (
  SELECT t.slot, t.order_id, sum(t.amount_minor) AS minor,
         coalesce(sum(t.amount_minor) FILTER (WHERE h.code = 'tax_payable'), 0) AS tax_minor
  FROM ledger_transfer t JOIN ledger_houseaccount h ON h.id = t.debit_id
  WHERE t.code = %(refund_to_wallet)s AND h.code IN ('deferred_revenue', 'revenue', 'tax_payable')
  GROUP BY t.slot, t.order_id
), back AS (
  SELECT r.slot, r.order_id, sum(r.amount_minor) AS minor, sum(r.tax_minor) AS tax_minor
  FROM payments_refund r JOIN orders_order o ON o.slot = r.slot AND o.id = r.order_id
  WHERE o.kind IN ('renewal', 'purchase') AND o.state = 'completed' AND r.state NOT IN ('requested', 'rejected')
  GROUP BY r.slot, r.order_id
)
SELECT coalesce(t.order_id, b.order_id) AS "order", b.minor AS refunded_minor,
       t.minor AS booked_minor, b.tax_minor, t.tax_minor AS tax_booked_minor
FROM taken t FULL JOIN back b ON b.slot = t.slot AND b.order_id = t.order_id
WHERE coalesce(t.minor, 0) <> coalesce(b.minor, 0)
   OR coalesce(t.tax_minor, 0) <> coalesce(b.tax_minor, 0)
